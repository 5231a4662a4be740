/** Growing and shrinking by a ball in millimetres, through distances: any radius takes the same time. */
import type { Triple } from '../../geometry';
import { type Grid, reachInVoxels } from './ball';
import { squaredDistances } from './distance';
import { part } from './labels';

export interface Ball {
  readonly radius_mm: number;
  readonly report: (share: number) => void;
  /** Array of the grid's length that may be overwritten. */
  readonly scratch?: Float32Array;
}

/** Adds, in place, every voxel within the radius of one that is set. */
export function grow(mask: Uint8Array, grid: Grid, ball: Ball): Float32Array {
  const distances = distancesWithin(mask, grid, ball, false);
  for (let at = 0; at < mask.length; at += 1) mask[at] = distances[at] === Number.POSITIVE_INFINITY ? 0 : 1;
  return distances;
}

/**
 * Removes, in place, every voxel within the radius of one that is not set. Beyond the grid nothing is known, and
 * nothing is eaten away from there: a structure that leaves the scan keeps its full width at the border.
 */
export function shrink(mask: Uint8Array, grid: Grid, ball: Ball): Float32Array {
  const distances = distancesWithin(mask, grid, ball, true);
  for (let at = 0; at < mask.length; at += 1) mask[at] = distances[at] === Number.POSITIVE_INFINITY ? 1 : 0;
  return distances;
}

/** What balls that touch no set voxel cannot reach: fills gaps and holes. Beyond the grid nothing is set. */
export function close(mask: Uint8Array, grid: Grid, ball: Ball): Uint8Array {
  const reach = reachInVoxels(ball.radius_mm, grid.spacing_mm);
  const margin: Triple = [reach[0] + 1, reach[1] + 1, reach[2] + 1];
  const frame = new Frame(grid, margin, margin);
  const wide = frame.around(mask, 0);
  const scratch = grow(wide, frame.grid, { ...ball, report: part(ball.report, 0, 0.5) });
  shrink(wide, frame.grid, { ...ball, scratch, report: part(ball.report, 0.5, 1) });
  return frame.within(wide);
}

/** What balls of set voxels cover: cuts spikes and bridges. A structure at a face of the grid goes on beyond it. */
export function open(mask: Uint8Array, grid: Grid, ball: Ball): Uint8Array {
  const reach = reachInVoxels(ball.radius_mm, grid.spacing_mm);
  const touched = touchedFaces(mask, grid.size);
  const margin = (faces: readonly boolean[]) => reach.map((r, axis) => (faces[axis] ? r + 1 : 0)) as unknown;
  const frame = new Frame(grid, margin(touched.low) as Triple, margin(touched.high) as Triple);
  const wide = frame.around(mask, 1);
  const scratch = shrink(wide, frame.grid, { ...ball, report: part(ball.report, 0, 0.5) });
  grow(wide, frame.grid, { ...ball, scratch, report: part(ball.report, 0.5, 1) });
  return frame.within(wide);
}

function distancesWithin(mask: Uint8Array, grid: Grid, ball: Ball, toZero: boolean): Float32Array {
  const options = { toZero, limit_mm: ball.radius_mm, report: ball.report };
  return squaredDistances(
    mask,
    grid,
    ball.scratch === undefined ? options : { ...options, into: ball.scratch },
  );
}

/** A grid with a margin around it. */
class Frame {
  readonly grid: Grid;
  private readonly inner: Triple;
  private readonly low: Triple;

  constructor(grid: Grid, low: Triple, high: Triple) {
    this.inner = grid.size;
    this.low = low;
    const side = (axis: 0 | 1 | 2) => grid.size[axis] + low[axis] + high[axis];
    this.grid = { size: [side(0), side(1), side(2)], spacing_mm: grid.spacing_mm };
  }

  around(mask: Uint8Array, value: number): Uint8Array {
    const [ni, nj] = this.grid.size;
    const wide = new Uint8Array(ni * nj * this.grid.size[2]).fill(value);
    this.rows((inside, outside) => wide.set(mask.subarray(inside, inside + this.inner[0]), outside));
    return wide;
  }

  within(wide: Uint8Array): Uint8Array {
    const mask = new Uint8Array(this.inner[0] * this.inner[1] * this.inner[2]);
    this.rows((inside, outside) => mask.set(wide.subarray(outside, outside + this.inner[0]), inside));
    return mask;
  }

  private rows(each: (inside: number, outside: number) => void): void {
    const [ni, nj, nk] = this.inner;
    const [wi, wj] = this.grid.size;
    for (let k = 0; k < nk; k += 1) {
      for (let j = 0; j < nj; j += 1) {
        each(ni * (j + nj * k), this.low[0] + wi * (j + this.low[1] + wj * (k + this.low[2])));
      }
    }
  }
}

/** Which faces of the grid hold a set voxel, axis by axis. */
function touchedFaces(mask: Uint8Array, size: Triple): { low: boolean[]; high: boolean[] } {
  const strides = [1, size[0], size[0] * size[1]];
  const touched = (axis: number, last: boolean) => {
    const [a, b] = [0, 1, 2].filter((other) => other !== axis);
    const first = last ? (size[axis] - 1) * strides[axis] : 0;
    for (let y = 0; y < size[b]; y += 1) {
      for (let x = 0; x < size[a]; x += 1) {
        if (mask[first + x * strides[a] + y * strides[b]] !== 0) return true;
      }
    }
    return false;
  };
  const axes = [0, 1, 2];
  return { low: axes.map((axis) => touched(axis, false)), high: axes.map((axis) => touched(axis, true)) };
}
