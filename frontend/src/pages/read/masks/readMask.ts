/** Masks of the server as label maps, unpacked beside the page. */

import { type Assignment, fetchMask, type MaskRef } from '../../../api';
import { LabelMap, type Triple } from '../../../voxels';
import type { UnpackAnswer, UnpackRequest } from './maskWorker';

type Waiting = { readonly settle: (answer: UnpackAnswer) => void; readonly fail: (error: Error) => void };

const waiting = new Map<number, Waiting>();
let worker: Worker | null = null;
let asked = 0;

export async function readMask(
  { id, head }: MaskRef,
  { volume, structures }: Pick<Assignment, 'volume' | 'structures'>,
): Promise<LabelMap> {
  const layers = 1 + Math.max(0, ...structures.map(({ layer }) => layer));
  return unpackMask(await fetchMask(id, head), volume.shape, layers);
}

async function unpackMask(body: ArrayBuffer, shape: Triple, layers: number): Promise<LabelMap> {
  const answer = await ask({ body, shape, layers });
  if ('sentence' in answer) {
    throw new RangeError(answer.sentence);
  }
  return LabelMap.of(shape, answer.voxels);
}

function ask(request: Omit<UnpackRequest, 'id'>): Promise<UnpackAnswer> {
  asked += 1;
  const id = asked;
  const answer = new Promise<UnpackAnswer>((settle, fail) => waiting.set(id, { settle, fail }));
  theWorker().postMessage({ ...request, id }, [request.body]);
  return answer;
}

/** One for the page: it sleeps between cases. */
function theWorker(): Worker {
  if (worker === null) {
    worker = new Worker(new URL('./maskWorker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<UnpackAnswer>) => {
      waiting.get(data.id)?.settle(data);
      waiting.delete(data.id);
    };
    worker.onerror = () => {
      worker = null;
      for (const { fail } of waiting.values()) {
        fail(new Error('The mask could not be unpacked. Reload the page; nothing that you drew is lost.'));
      }
      waiting.clear();
    };
  }
  return worker;
}
