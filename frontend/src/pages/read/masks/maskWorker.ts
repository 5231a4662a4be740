/** Fetches and unpacks masks beside the page: tens of megabytes would hold up every frame meanwhile. */

import { ApiError, fetchMask, type MaskRef, NetworkError } from '../../../api';
import { countSlices, decodeMaskChunks, type SliceCounts, type Triple } from '../../../voxels';

/** What comes with the voxels: those once more, to be drawn on, and how many there are of each value. */
export interface UnpackWants {
  readonly copy: boolean;
  readonly counts: boolean;
}

export interface UnpackTask extends UnpackWants {
  readonly kind: 'unpack';
  readonly ref: MaskRef;
  readonly shape: Triple;
  readonly layers: number;
}

/** Only into the browser's own cache. */
export interface AheadTask {
  readonly kind: 'ahead';
  readonly ref: MaskRef;
}

export type MaskTask = UnpackTask | AheadTask;

export interface MaskRequest {
  readonly id: number;
  readonly task: MaskTask;
}

type Layers = readonly Uint8Array<ArrayBuffer>[];

export interface Unpacked {
  readonly voxels: Layers;
  /** Empty where they were not wanted. */
  readonly copy: Layers;
  readonly counts: readonly SliceCounts[];
}

/** An error, which loses its class on the way to the page. */
export type Failure =
  | { readonly kind: 'refused'; readonly error: Pick<ApiError, 'status' | 'detail' | 'extra'> }
  | { readonly kind: 'offline' }
  | { readonly kind: 'damaged'; readonly sentence: string };

export interface MaskAnswer {
  readonly id: number;
  readonly result: Unpacked | Failure | null;
}

interface WorkerScope {
  onmessage: ((event: MessageEvent<MaskRequest>) => void) | null;
  postMessage(answer: MaskAnswer, transfer: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = async ({ data: { id, task } }) => {
  try {
    const body = await fetchMask(task.ref.id, task.ref.head);
    const unpacked = task.kind === 'ahead' ? null : unpack(body, task);
    scope.postMessage({ id, result: unpacked }, unpacked === null ? [] : buffersOf(unpacked));
  } catch (error) {
    scope.postMessage({ id, result: failureOf(error) }, []);
  }
};

function unpack(body: ArrayBuffer, { shape, layers, copy, counts }: UnpackTask): Unpacked {
  const map = decodeMaskChunks(body, shape, layers);
  const voxels = map.layers.map((_, layer) => map.layerVoxels(layer) as Uint8Array<ArrayBuffer>);
  return {
    voxels,
    copy: copy ? voxels.map((layer) => layer.slice()) : [],
    counts: counts ? map.layers.map(countSlices) : [],
  };
}

function buffersOf({ voxels, copy, counts }: Unpacked): ArrayBuffer[] {
  return [...voxels, ...copy, ...counts].map(({ buffer }) => buffer);
}

function failureOf(error: unknown): Failure {
  if (error instanceof ApiError) {
    const { status, detail, extra } = error;
    return { kind: 'refused', error: { status, detail, extra } };
  }
  if (error instanceof NetworkError) {
    return { kind: 'offline' };
  }
  return { kind: 'damaged', sentence: error instanceof Error ? error.message : String(error) };
}
