import type { LabelMap, LayerSlices } from '../labelMap';
import type { CountChange } from './step';

/** Voxels per value of each slice of one layer: 256 numbers per slice. */
export type SliceCounts = Uint32Array<ArrayBuffer>;

/** Voxels per value of every slice and of every layer, kept up to date by runs. */
export class VoxelCounts {
  private readonly totals: readonly Float64Array[];
  private readonly slices: readonly SliceCounts[];

  /** `slices`: of each layer, counted before (`countSlices`). They are kept and written. */
  constructor(slices: readonly SliceCounts[]) {
    this.slices = slices;
    this.totals = slices.map(totalsOf);
  }

  static of(map: LabelMap): VoxelCounts {
    return new VoxelCounts(map.layers.map(countSlices));
  }

  total(layer: number, value: number): number {
    return this.totals[layer][value];
  }

  inSlice(layer: number, k: number, value: number): number {
    return this.slices[layer][256 * k + value];
  }

  /** After a step (1), or after it was undone (-1). */
  change(counts: readonly CountChange[], sign: 1 | -1): void {
    for (const { layer, k, value, by } of counts) {
      this.totals[layer][value] += sign * by;
      this.slices[layer][256 * k + value] += sign * by;
    }
  }

  /** The slice was written by somebody else. */
  recount(map: LabelMap, layer: number, k: number): void {
    const totals = this.totals[layer];
    const counts = this.slices[layer].subarray(256 * k, 256 * (k + 1));
    for (let value = 0; value < 256; value++) totals[value] -= counts[value];
    countValues(map.layers[layer][k], counts.fill(0));
    for (let value = 0; value < 256; value++) totals[value] += counts[value];
  }
}

export function countSlices(slices: LayerSlices): SliceCounts {
  const counts = new Uint32Array(256 * slices.length);
  for (const [k, voxels] of slices.entries()) countValues(voxels, counts.subarray(256 * k, 256 * (k + 1)));
  return counts;
}

function totalsOf(slices: SliceCounts): Float64Array {
  const totals = new Float64Array(256);
  for (let n = 0; n < slices.length; n++) totals[n & 0xff] += slices[n];
  return totals;
}

/** Masks hold long runs of one value, so words of four voxels are counted run by run. */
function countValues(voxels: Uint8Array, counts: Uint32Array): void {
  const head = Math.min(voxels.length, (4 - (voxels.byteOffset % 4)) % 4);
  const words = new Uint32Array(
    voxels.buffer,
    voxels.byteOffset + head,
    Math.floor((voxels.length - head) / 4),
  );
  for (let p = 0; p < head; p++) counts[voxels[p]] += 1;
  for (let w = 0; w < words.length; ) {
    const word = words[w];
    let end = w + 1;
    while (end < words.length && words[end] === word) end += 1;
    counts[word & 0xff] += end - w;
    counts[(word >>> 8) & 0xff] += end - w;
    counts[(word >>> 16) & 0xff] += end - w;
    counts[word >>> 24] += end - w;
    w = end;
  }
  for (let p = head + 4 * words.length; p < voxels.length; p++) counts[voxels[p]] += 1;
}
