import { type Box, boxBetween } from './box';
import type { Ijk, Triple } from './geometry';

/** Not annotated here: neither background nor a structure. */
export const IGNORE = 255;
export const BACKGROUND = 0;

export function isStructure(value: number): boolean {
  return value !== BACKGROUND && value !== IGNORE;
}

/** One layer: a slice of ni*nj values per k, i fastest. */
export type LayerSlices = readonly Uint8Array[];

/**
 * Labels of one mask in memory: layers[layer][k][i + ni * j].
 *
 * The slices of a layer are views of one buffer, so a whole layer can be copied or posted in one piece.
 */
export class LabelMap {
  readonly shape: Triple;
  readonly layers: readonly LayerSlices[];
  private readonly buffers: readonly Uint8Array[];

  private constructor(shape: Triple, buffers: readonly Uint8Array[]) {
    const sliceLength = shape[0] * shape[1];
    this.shape = shape;
    this.buffers = buffers;
    this.layers = buffers.map((buffer) =>
      Array.from({ length: shape[2] }, (_, k) => buffer.subarray(k * sliceLength, (k + 1) * sliceLength)),
    );
  }

  static empty(shape: Triple, layerCount: number): LabelMap {
    const voxels = shape[0] * shape[1] * shape[2];
    return new LabelMap(
      shape,
      Array.from({ length: layerCount }, () => new Uint8Array(voxels)),
    );
  }

  copy(): LabelMap {
    return new LabelMap(
      this.shape,
      this.buffers.map((buffer) => buffer.slice()),
    );
  }

  /** All voxels of a layer in one array, i fastest, then j, then k. */
  layerVoxels(layer: number): Uint8Array {
    const buffer = this.buffers[layer];
    if (buffer === undefined) {
      throw new RangeError(`This mask has ${this.buffers.length} layers; there is no layer ${layer}.`);
    }
    return buffer;
  }

  valueAt(layer: number, index: Ijk): number {
    return this.layers[layer][index[2]][index[0] + this.shape[0] * index[1]];
  }

  /** A copy of the voxels in a box, i fastest. */
  cut(layer: number, { low, size }: Box): Uint8Array {
    const [ni] = this.shape;
    const [width, height, depth] = size;
    const cut = new Uint8Array(width * height * depth);
    for (let dk = 0; dk < depth; dk++) {
      const voxels = this.layers[layer][low[2] + dk];
      for (let dj = 0; dj < height; dj++) {
        const from = low[0] + ni * (low[1] + dj);
        cut.set(voxels.subarray(from, from + width), width * (dj + height * dk));
      }
    }
    return cut;
  }

  /** The smallest box around all voxels of a value, or of the values for which `wanted` is true; null for none. */
  boundingBox(
    layer: number,
    wanted: number | ((value: number) => boolean),
    hasSlice: (k: number) => boolean = () => true,
  ): Box | null {
    const isWanted = typeof wanted === 'number' ? (value: number) => value === wanted : wanted;
    const member = Uint8Array.from({ length: 256 }, (_, value) => (isWanted(value) ? 1 : 0));
    const extent = new Extent(this.shape);
    for (const [k, voxels] of this.layers[layer].entries()) {
      if (hasSlice(k)) extent.addSlice(k, voxels, member);
    }
    return extent.box();
  }

  /** Voxels per value of one layer. */
  histogram(layer: number): Float64Array {
    const counts = new Float64Array(256);
    for (const value of this.layerVoxels(layer)) counts[value] += 1;
    return counts;
  }
}

/** Grows slice by slice; only what lies outside of it so far is looked at. */
class Extent {
  private readonly shape: Triple;
  private readonly first: [number, number, number];
  private readonly last: [number, number, number] = [-1, -1, -1];

  constructor(shape: Triple) {
    this.shape = shape;
    this.first = [...shape];
  }

  box(): Box | null {
    return this.last[2] < 0 ? null : boxBetween(this.first, this.last);
  }

  addSlice(k: number, voxels: Uint8Array, member: Uint8Array): void {
    const [ni, nj] = this.shape;
    const top = firstMember(voxels, member, 0, voxels.length);
    if (top < 0) return;
    const bottom = lastMember(voxels, member, top, voxels.length);
    this.first[2] = Math.min(this.first[2], k);
    this.last[2] = k;
    const [firstRow, lastRow] = [Math.floor(top / ni), Math.floor(bottom / ni)];
    this.first[1] = Math.min(this.first[1], firstRow);
    this.last[1] = Math.min(nj - 1, Math.max(this.last[1], lastRow));
    for (let j = firstRow; j <= lastRow; j++) this.addRow(voxels, member, ni * j, ni);
  }

  private addRow(voxels: Uint8Array, member: Uint8Array, row: number, ni: number): void {
    const left = firstMember(voxels, member, row, row + this.first[0]);
    if (left >= 0) this.first[0] = left - row;
    const right = lastMember(voxels, member, row + this.last[0] + 1, row + ni);
    if (right >= 0) this.last[0] = right - row;
  }
}

function firstMember(voxels: Uint8Array, member: Uint8Array, from: number, end: number): number {
  for (let p = from; p < end; p++) if (member[voxels[p]] === 1) return p;
  return -1;
}

function lastMember(voxels: Uint8Array, member: Uint8Array, from: number, end: number): number {
  for (let p = end - 1; p >= from; p--) if (member[voxels[p]] === 1) return p;
  return -1;
}
