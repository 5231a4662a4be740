import type { LabelMap } from '../labelMap';
import type { CountChange } from './step';

/** Voxels per value of every slice and of every layer, kept up to date by runs. */
export class VoxelCounts {
  private readonly totals: readonly Float64Array[];
  private readonly slices: readonly Uint32Array[];

  constructor(map: LabelMap) {
    this.totals = map.layers.map(() => new Float64Array(256));
    this.slices = map.layers.map((slices) => new Uint32Array(256 * slices.length));
    for (let layer = 0; layer < map.layers.length; layer++) this.recount(map, layer);
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

  private recount(map: LabelMap, layer: number): void {
    const totals = this.totals[layer].fill(0);
    for (const [k, voxels] of map.layers[layer].entries()) {
      const counts = this.slices[layer].subarray(256 * k, 256 * (k + 1));
      countValues(voxels, counts.fill(0));
      for (let value = 0; value < 256; value++) totals[value] += counts[value];
    }
  }
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
