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

  /** Takes over the voxels of each layer, without a copy. Throws a RangeError where they do not fit the shape. */
  static of(shape: Triple, layers: readonly Uint8Array[]): LabelMap {
    const voxels = shape[0] * shape[1] * shape[2];
    if (layers.some(({ length }) => length !== voxels)) {
      throw new RangeError('The mask does not fit this scan; reload the page.');
    }
    return new LabelMap(shape, layers);
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
      const to = width * height * dk;
      if (width === ni) {
        cut.set(voxels.subarray(ni * low[1], ni * (low[1] + height)), to);
        continue;
      }
      for (let dj = 0; dj < height; dj++) {
        const from = low[0] + ni * (low[1] + dj);
        cut.set(voxels.subarray(from, from + width), to + width * dj);
      }
    }
    return cut;
  }

  /**
   * The smallest box around all voxels of a value, or of the values for which `wanted` is true; null for none.
   * `hasSlice` may leave out slices that are known to have none.
   */
  boundingBox(
    layer: number,
    wanted: number | ((value: number) => boolean),
    hasSlice: (k: number) => boolean = () => true,
  ): Box | null {
    const find = typeof wanted === 'number' ? findValue(wanted) : findMember(wanted);
    const extent = new Extent(this.shape, find);
    for (const [k, voxels] of this.layers[layer].entries()) {
      if (hasSlice(k)) extent.addSlice(k, voxels);
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

/** First and last position with a wanted value in [from, end), or -1. */
interface Find {
  first(voxels: Uint8Array, from: number, end: number): number;
  last(voxels: Uint8Array, from: number, end: number): number;
  has(value: number): boolean;
}

/** The browser's own search is several times faster than a loop. */
function findValue(wanted: number): Find {
  const within = (voxels: Uint8Array, from: number, end: number) =>
    from === 0 && end === voxels.length ? voxels : voxels.subarray(from, end);
  const placed = (found: number, from: number) => (found < 0 ? -1 : from + found);
  return {
    first: (voxels, from, end) => placed(within(voxels, from, end).indexOf(wanted), from),
    last: (voxels, from, end) => placed(within(voxels, from, end).lastIndexOf(wanted), from),
    has: (value) => value === wanted,
  };
}

function findMember(wanted: (value: number) => boolean): Find {
  const member = Uint8Array.from({ length: 256 }, (_, value) => (wanted(value) ? 1 : 0));
  return {
    first(voxels, from, end) {
      for (let p = from; p < end; p++) if (member[voxels[p]] === 1) return p;
      return -1;
    },
    last(voxels, from, end) {
      for (let p = end - 1; p >= from; p--) if (member[voxels[p]] === 1) return p;
      return -1;
    },
    has: (value) => member[value] === 1,
  };
}

/** Grows slice by slice; to the sides only what lies outside of it so far is looked at. */
class Extent {
  private readonly ni: number;
  private readonly find: Find;
  private readonly member: Uint8Array;
  private readonly low: [number, number, number];
  private readonly high: [number, number, number] = [-1, -1, -1];

  constructor(shape: Triple, find: Find) {
    this.ni = shape[0];
    this.find = find;
    this.member = Uint8Array.from({ length: 256 }, (_, value) => (find.has(value) ? 1 : 0));
    this.low = [...shape];
  }

  box(): Box | null {
    return this.high[2] < 0 ? null : boxBetween(this.low, this.high);
  }

  addSlice(k: number, voxels: Uint8Array): void {
    const { ni, low, high } = this;
    const first = this.find.first(voxels, 0, voxels.length);
    if (first < 0) return;
    const top = Math.floor(first / ni);
    const bottom = Math.floor(this.find.last(voxels, first, voxels.length) / ni);
    low[2] = Math.min(low[2], k);
    high[2] = k;
    low[1] = Math.min(low[1], top);
    high[1] = Math.max(high[1], bottom);
    for (let row = ni * top; row <= ni * bottom; row += ni) this.addRow(voxels, row);
  }

  private addRow(voxels: Uint8Array, row: number): void {
    const { ni, low, high, member } = this;
    for (let i = 0; i < low[0]; i++) if (member[voxels[row + i]] === 1) low[0] = i;
    for (let i = ni - 1; i > high[0]; i--) if (member[voxels[row + i]] === 1) high[0] = i;
  }
}
