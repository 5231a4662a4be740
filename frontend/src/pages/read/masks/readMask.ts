/** Masks of the server as label maps, fetched and unpacked beside the page. */

import { ApiError, type Assignment, type MaskRef, NetworkError } from '../../../api';
import { LabelMap, VoxelCounts } from '../../../voxels';
import type { Failure, MaskAnswer, MaskRequest, MaskTask, Unpacked, UnpackWants } from './maskWorker';

interface Waiting {
  readonly settle: (unpacked: Unpacked | null) => void;
  readonly fail: (error: Error) => void;
}

type Owner = Pick<Assignment, 'volume' | 'structures'>;

/** A mask to be drawn on: the edit engine begins with its voxels counted. */
export interface OwnMask {
  readonly map: LabelMap;
  readonly counts: VoxelCounts;
}

const waiting = new Map<number, Waiting>();
let worker: Worker | null = null;
let asked = 0;

export async function readMask(ref: MaskRef, owner: Owner): Promise<LabelMap> {
  const { voxels } = await unpacked(ref, owner, { copy: false, counts: false });
  return LabelMap.of(owner.volume.shape, voxels);
}

export async function readOwnMask(ref: MaskRef, owner: Owner): Promise<OwnMask> {
  const { voxels, counts } = await unpacked(ref, owner, { copy: false, counts: true });
  return { map: LabelMap.of(owner.volume.shape, voxels), counts: new VoxelCounts(counts) };
}

/** The same voxels twice: as they were predicted, and to be drawn on. */
export async function readStart(
  ref: MaskRef,
  owner: Owner,
): Promise<{ readonly own: OwnMask; readonly prediction: LabelMap }> {
  const { voxels, copy, counts } = await unpacked(ref, owner, { copy: true, counts: true });
  const { shape } = owner.volume;
  const own = { map: LabelMap.of(shape, copy), counts: new VoxelCounts(counts) };
  return { own, prediction: LabelMap.of(shape, voxels) };
}

/** Into the browser's own cache: reading it asks only whether it is still the same. */
export async function fetchMaskAhead({ id, head }: MaskRef): Promise<void> {
  await ask({ kind: 'ahead', ref: { id, head } });
}

async function unpacked(
  { id, head }: MaskRef,
  { volume, structures }: Owner,
  wants: UnpackWants,
): Promise<Unpacked> {
  const layers = 1 + Math.max(0, ...structures.map(({ layer }) => layer));
  const ref = { id, head };
  const found = await ask({ kind: 'unpack', ref, shape: volume.shape, layers, ...wants });
  if (found === null) {
    throw new Error('The mask did not arrive. Reload the page; nothing that you drew is lost.');
  }
  return found;
}

function ask(task: MaskTask): Promise<Unpacked | null> {
  asked += 1;
  const id = asked;
  const answer = new Promise<Unpacked | null>((settle, fail) => waiting.set(id, { settle, fail }));
  maskWorker().postMessage({ id, task } satisfies MaskRequest);
  return answer;
}

/** One for the page: it sleeps between cases. Called early, it has started when it is needed. */
export function maskWorker(): Worker {
  if (worker === null) {
    worker = new Worker(new URL('./maskWorker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<MaskAnswer>) => answered(data);
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

function answered({ id, result }: MaskAnswer): void {
  const asker = waiting.get(id);
  waiting.delete(id);
  if (result !== null && 'kind' in result) asker?.fail(errorOf(result));
  else asker?.settle(result);
}

function errorOf(failure: Failure): Error {
  switch (failure.kind) {
    case 'refused': {
      const { status, detail, extra } = failure.error;
      return new ApiError(status, detail, extra);
    }
    case 'offline':
      return new NetworkError('The worker that reads masks had no answer.');
    case 'damaged':
      return new RangeError(failure.sentence);
  }
}
