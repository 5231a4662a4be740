/** Boxes of voxels, axis by axis. */
import type { Triple } from './geometry';

export interface Box {
  /** First voxel. */
  readonly low: Triple;
  /** Voxels along each axis, at least 1. */
  readonly size: Triple;
}

export function boxOf(shape: Triple): Box {
  return { low: [0, 0, 0], size: shape };
}

/** The box from its first to its last voxel, both included. */
export function boxBetween(first: Triple, last: Triple): Box {
  return { low: first, size: [last[0] - first[0] + 1, last[1] - first[1] + 1, last[2] - first[2] + 1] };
}

/** Last voxel of the box on each axis. */
export function lastOf({ low, size }: Box): Triple {
  return [low[0] + size[0] - 1, low[1] + size[1] - 1, low[2] + size[2] - 1];
}

/** Grown by so many voxels to both sides of each axis, and cut to the shape. */
export function grown(box: Box, by: Triple, shape: Triple): Box {
  const last = lastOf(box);
  const first = (axis: 0 | 1 | 2) => Math.max(0, box.low[axis] - by[axis]);
  const end = (axis: 0 | 1 | 2) => Math.min(shape[axis] - 1, last[axis] + by[axis]);
  return boxBetween([first(0), first(1), first(2)], [end(0), end(1), end(2)]);
}

/** Null where the boxes have no voxel in common. */
export function intersection(a: Box, b: Box): Box | null {
  const [lastA, lastB] = [lastOf(a), lastOf(b)];
  const first = (axis: 0 | 1 | 2) => Math.max(a.low[axis], b.low[axis]);
  const end = (axis: 0 | 1 | 2) => Math.min(lastA[axis], lastB[axis]);
  const both = boxBetween([first(0), first(1), first(2)], [end(0), end(1), end(2)]);
  return both.size.every((length) => length > 0) ? both : null;
}

/** The smallest box around both. */
export function union(a: Box, b: Box): Box {
  const [lastA, lastB] = [lastOf(a), lastOf(b)];
  const first = (axis: 0 | 1 | 2) => Math.min(a.low[axis], b.low[axis]);
  const end = (axis: 0 | 1 | 2) => Math.max(lastA[axis], lastB[axis]);
  return boxBetween([first(0), first(1), first(2)], [end(0), end(1), end(2)]);
}

/** The same where there may be none of one, or of both. */
export function joined(a: Box | null, b: Box | null): Box | null {
  return a === null || b === null ? (a ?? b) : union(a, b);
}

export function boxVoxels({ size }: Box): number {
  return size[0] * size[1] * size[2];
}
