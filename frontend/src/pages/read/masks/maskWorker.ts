/** Unpacks masks beside the page: tens of megabytes of chunks would hold up every frame meanwhile. */

import { decodeMaskChunks, type Triple } from '../../../voxels';

export interface UnpackRequest {
  readonly id: number;
  readonly body: ArrayBuffer;
  readonly shape: Triple;
  readonly layers: number;
}

export type UnpackAnswer =
  | { readonly id: number; readonly voxels: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly id: number; readonly sentence: string };

interface WorkerScope {
  onmessage: ((event: MessageEvent<UnpackRequest>) => void) | null;
  postMessage(answer: UnpackAnswer, transfer: Transferable[]): void;
}

const scope = self as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  try {
    const voxels = unpack(data);
    scope.postMessage(
      { id: data.id, voxels },
      voxels.map(({ buffer }) => buffer),
    );
  } catch (error) {
    scope.postMessage({ id: data.id, sentence: error instanceof Error ? error.message : String(error) }, []);
  }
};

function unpack({ body, shape, layers }: UnpackRequest): Uint8Array<ArrayBuffer>[] {
  const map = decodeMaskChunks(body, shape, layers);
  return Array.from({ length: layers }, (_, layer) => map.layerVoxels(layer) as Uint8Array<ArrayBuffer>);
}
