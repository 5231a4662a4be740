/** Boxes of voxels, axis by axis. */
import type { Triple } from './geometry';

export interface Box {
  /** First voxel. */
  readonly low: Triple;
  /** Voxels along each axis, at least 1. */
  readonly size: Triple;
}
