/** Edits cut to a box: what lies outside of it is left out. */
import { type Box, lastOf } from './box';
import { RunBuilder, type SliceRuns } from './edits';

/** `ni`: voxels in a row of the scan. Slices of which nothing is left are left out as well. */
export function editsWithin(delta: readonly SliceRuns[], box: Box, ni: number): SliceRuns[] {
  const last = lastOf(box);
  return delta
    .filter(({ k }) => k >= box.low[2] && k <= last[2])
    .map((slice) => sliceWithin(slice, box, ni))
    .filter(({ starts }) => starts.length > 0);
}

function sliceWithin({ layer, k, starts, lengths, values }: SliceRuns, box: Box, ni: number): SliceRuns {
  const [firstI, firstJ] = box.low;
  const [lastI, lastJ] = lastOf(box);
  const builder = new RunBuilder();
  for (let r = 0; r < starts.length; r++) {
    const end = starts[r] + lengths[r];
    const endJ = Math.min(lastJ, Math.floor((end - 1) / ni));
    for (let j = Math.max(firstJ, Math.floor(starts[r] / ni)); j <= endJ; j++) {
      const low = Math.max(starts[r], j * ni + firstI);
      const high = Math.min(end, j * ni + lastI + 1);
      if (low < high) builder.add(low, values[r], high - low);
    }
  }
  return builder.build(layer, k);
}
