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

  /** Voxels per value of one layer. */
  histogram(layer: number): Float64Array {
    const counts = new Float64Array(256);
    for (const value of this.layerVoxels(layer)) counts[value] += 1;
    return counts;
  }
}
