/** The box of every value of an array of labels, in one pass. */
import { type Box, boxBetween, union } from '../../box';
import type { Triple } from '../../geometry';

export function labelBoxes(labels: Uint8Array, size: Triple): Map<number, Box> {
  const [ni, nj, nk] = size;
  const boxes = new Map<number, Box>();
  for (let k = 0; k < nk; k += 1) {
    for (let j = 0; j < nj; j += 1) {
      eachRun(labels, ni * (j + nj * k), ni, (value, first, last) => {
        const run = boxBetween([first, j, k], [last, j, k]);
        const known = boxes.get(value);
        if (known === undefined) boxes.set(value, run);
        else if (!holds(known, run)) boxes.set(value, union(known, run));
      });
    }
  }
  return boxes;
}

/** Runs of one value along a row, background left out. */
function eachRun(
  labels: Uint8Array,
  start: number,
  length: number,
  each: (value: number, first: number, last: number) => void,
): void {
  for (let i = 0; i < length; ) {
    const value = labels[start + i];
    const first = i;
    while (i < length && labels[start + i] === value) i += 1;
    if (value !== 0) each(value, first, i - 1);
  }
}

function holds(box: Box, inner: Box): boolean {
  return box.low.every(
    (low, axis) => inner.low[axis] >= low && inner.low[axis] + inner.size[axis] <= low + box.size[axis],
  );
}
