/** Makes surfaces away from the page. */
import { SURFACE_OPTIONS, surfaceOf } from '../../voxels';
import type { SurfaceAnswer, SurfaceJob } from './surfaceJob';

/** The part of a worker's global scope that is used; the page's types do not have it. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<SurfaceJob>) => void) | null;
  postMessage(answer: SurfaceAnswer, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

/** On screen nobody sees finer blocks, and a hundred structures have to be turned smoothly. */
const MOST_VOXELS = 150_000;

scope.onmessage = ({ data: { id, labels, box, value, spacing_mm } }) => {
  const surface = surfaceOf(labels, box, value, spacing_mm, { ...SURFACE_OPTIONS, most_voxels: MOST_VOXELS });
  const { positions, normals, triangles } = surface;
  const buffers = [positions, normals, triangles].map(({ buffer }) => buffer as ArrayBuffer);
  scope.postMessage({ id, surface }, buffers);
};
