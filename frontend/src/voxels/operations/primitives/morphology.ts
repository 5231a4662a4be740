/**
 * Growing and shrinking by a ball in millimetres, through distances: any radius takes the same time.
 *
 * What lies beyond the grid is not known; the voxels at its border are taken to repeat, so a structure that leaves the
 * scan keeps its width there: nothing eats into it from outside, and it does not spread along the border.
 */
import type { Triple } from '../../geometry';
import { clamp, type Grid, reachInVoxels } from './ball';
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

/** Removes, in place, every voxel within the radius of one that is not set. */
export function shrink(mask: Uint8Array, grid: Grid, ball: Ball): Float32Array {
  const distances = distancesWithin(mask, grid, ball, true);
  for (let at = 0; at < mask.length; at += 1) mask[at] = distances[at] === Number.POSITIVE_INFINITY ? 1 : 0;
  return distances;
}

/** Fills, in place, what balls that touch no set voxel cannot reach: gaps and holes. */
export function close(mask: Uint8Array, grid: Grid, ball: Ball): void {
  inFrame(mask, grid, ball, [grow, shrink]);
}

/** Keeps, in place, what balls of set voxels cover: cuts spikes and bridges. */
export function open(mask: Uint8Array, grid: Grid, ball: Ball): void {
  inFrame(mask, grid, ball, [shrink, grow]);
}

/** Balls may lie partly beyond the grid: it is given a margin as wide as they reach. */
function inFrame(
  mask: Uint8Array,
  grid: Grid,
  ball: Ball,
  [first, second]: readonly [typeof grow, typeof grow],
) {
  const frame = new Frame(grid, reachInVoxels(ball.radius_mm, grid.spacing_mm));
  const wide = frame.around(mask);
  const scratch = first(wide, frame.grid, { ...ball, report: part(ball.report, 0, 0.5) });
  second(wide, frame.grid, { ...ball, scratch, report: part(ball.report, 0.5, 1) });
  frame.within(wide, mask);
}

function distancesWithin(mask: Uint8Array, grid: Grid, ball: Ball, toZero: boolean): Float32Array {
  const options = { toZero, limit_mm: ball.radius_mm, report: ball.report };
  return squaredDistances(
    mask,
    grid,
    ball.scratch === undefined ? options : { ...options, into: ball.scratch },
  );
}

/** A grid with a margin around it, in which the voxels at its border repeat. */
class Frame {
  readonly grid: Grid;
  private readonly inner: Triple;
  private readonly margin: Triple;

  constructor(grid: Grid, reach: Triple) {
    this.inner = grid.size;
    this.margin = [reach[0] + 1, reach[1] + 1, reach[2] + 1];
    const side = (axis: 0 | 1 | 2) => grid.size[axis] + 2 * this.margin[axis];
    this.grid = { size: [side(0), side(1), side(2)], spacing_mm: grid.spacing_mm };
  }

  around(mask: Uint8Array): Uint8Array {
    const [ni, nj, nk] = this.inner;
    const [mi, mj, mk] = this.margin;
    const [wi, wj, wk] = this.grid.size;
    const wide = new Uint8Array(wi * wj * wk);
    for (let row = 0; row < wj * wk; row += 1) {
      const j = clamp((row % wj) - mj, nj);
      const k = clamp(Math.floor(row / wj) - mk, nk);
      const from = ni * (j + nj * k);
      const to = wi * row;
      wide.fill(mask[from], to, to + mi);
      wide.set(mask.subarray(from, from + ni), to + mi);
      wide.fill(mask[from + ni - 1], to + mi + ni, to + wi);
    }
    return wide;
  }

  within(wide: Uint8Array, mask: Uint8Array): void {
    const [ni, nj, nk] = this.inner;
    const [mi, mj, mk] = this.margin;
    const [wi, wj] = this.grid.size;
    for (let row = 0; row < nj * nk; row += 1) {
      const from = mi + wi * ((row % nj) + mj + wj * (Math.floor(row / nj) + mk));
      mask.set(wide.subarray(from, from + ni), ni * row);
    }
  }
}
