/** Median of labels over a ball: of one structure, or of several that share a layer. */
import { type Box, grown, lastOf } from '../../box';
import type { Triple } from '../../geometry';
import { type Grid, reachInVoxels } from './ball';
import { BallCounts } from './counts';
import { labelBoxes } from './labelBoxes';
import { part } from './labels';

type Report = (share: number) => void;

/** 1 where more than half of the ball around a voxel holds one of the values. */
export function majority(
  labels: Uint8Array,
  values: readonly number[],
  grid: Grid,
  radius_mm: number,
  report: Report,
): Uint8Array {
  const [ni, nj, nk] = grid.size;
  const ball = new BallCounts(labels, values, grid, radius_mm);
  const half = ball.ballVoxels / 2;
  const counts = new Int32Array(ni);
  const mask = new Uint8Array(labels.length);
  for (let k = 0; k < nk; k += 1) {
    for (let j = 0; j < nj; j += 1) {
      if (!ball.row(counts, j, k, 0, ni)) continue;
      const first = ni * (j + nj * k);
      for (let i = 0; i < ni; i += 1) if (counts[i] > half) mask[first + i] = 1;
    }
    report((k + 1) / nk);
  }
  return mask;
}

/**
 * Smooths structures of one layer together. Their union is smoothed by majority; inside it every voxel goes to the
 * structure that holds most of the ball around it, so that neither gaps nor overlaps appear between them. Where
 * several hold as much, a voxel stays what it was, else it goes to the one named first.
 */
export function smoothTogether(
  labels: Uint8Array,
  values: readonly number[],
  grid: Grid,
  radius_mm: number,
  report: Report,
): Uint8Array {
  const smooth = majority(labels, values, grid, radius_mm, part(report, 0, 0.5));
  const best = bestOf(labels, values, grid, radius_mm, part(report, 0.5, 1));
  const member = new Uint8Array(256);
  for (const value of values) member[value] = 1;
  for (let at = 0; at < labels.length; at += 1) {
    if (smooth[at] === 1) smooth[at] = best[at];
    else smooth[at] = member[labels[at]] === 1 ? 0 : labels[at];
  }
  return smooth;
}

/** For every voxel the value that holds most of the ball around it; 0 where none holds any. */
function bestOf(
  labels: Uint8Array,
  values: readonly number[],
  grid: Grid,
  radius_mm: number,
  report: Report,
): Uint8Array {
  const best = new Uint8Array(labels.length);
  const most = new Uint16Array(labels.length);
  const boxes = labelBoxes(labels, grid.size);
  const reach = reachInVoxels(radius_mm, grid.spacing_mm);
  values.forEach((value, number) => {
    const box = boxes.get(value);
    if (box !== undefined) {
      const ball = new BallCounts(labels, [value], grid, radius_mm, box);
      eachCount(ball, grown(box, reach, grid.size), grid.size, (at, count) => {
        if (count < most[at] || (count === most[at] && labels[at] !== value)) return;
        most[at] = count;
        best[at] = value;
      });
    }
    report((number + 1) / values.length);
  });
  return best;
}

/** Every voxel of the box whose ball holds a member. */
function eachCount(
  ball: BallCounts,
  box: Box,
  size: Triple,
  each: (at: number, count: number) => void,
): void {
  const counts = new Int32Array(size[0]);
  const [i0, j0, k0] = box.low;
  const [i1, j1, k1] = lastOf(box);
  for (let k = k0; k <= k1; k += 1) {
    for (let j = j0; j <= j1; j += 1) {
      if (!ball.row(counts, j, k, i0, i1 + 1)) continue;
      const first = size[0] * (j + size[1] * k);
      for (let i = i0; i <= i1; i += 1) if (counts[i] > 0) each(first + i, counts[i]);
    }
  }
}
