/** The CT as it lies in memory, and how fine each part of it is so far. */
import type { Ijk, Plane, Triple } from '../voxels';

/** What a voxel is before anything of it has arrived: air. */
const AIR_HU = -1024;

/** A coarse picture of the whole scan, there before the scan itself. Slices that have not arrived are undefined. */
export interface CoarseImage {
  readonly shape: Triple;
  /** Voxels of the scan that one coarse voxel stands for, on each axis. */
  readonly step: number;
  readonly slices: readonly (Int16Array | undefined)[];
}

/** One slice of int16 HU per k, i fastest. A slice takes memory of its own only when it has arrived. */
export class ImageSlices {
  readonly shape: Triple;
  private readonly voxels: Int16Array[];
  private readonly full: Uint8Array;
  private coarse: CoarseImage | null = null;
  private fullCount = 0;

  constructor(shape: Triple) {
    this.shape = shape;
    const air = new Int16Array(shape[0] * shape[1]).fill(AIR_HU);
    this.voxels = new Array<Int16Array>(shape[2]).fill(air);
    this.full = new Uint8Array(shape[2]);
  }

  /** Air where a slice is not full yet. The array stays, its entries are put in place as they arrive. */
  get slices(): readonly Int16Array[] {
    return this.voxels;
  }

  get fullSlices(): number {
    return this.fullCount;
  }

  get isComplete(): boolean {
    return this.fullCount === this.shape[2];
  }

  /** 1 for every slice that is full. */
  get fullness(): Uint8Array {
    return this.full;
  }

  isFull(k: number): boolean {
    return this.full[k] === 1;
  }

  /** HU of a voxel at full resolution, or null while it is not here. */
  huAt([i, j, k]: Ijk): number | null {
    return this.isFull(k) ? (this.voxels[k]?.[i + this.shape[0] * j] ?? null) : null;
  }

  setCoarse(coarse: CoarseImage): void {
    this.coarse = coarse;
  }

  /** Takes full-resolution voxels: whole slices from k on, as far as they reach. The buffer is kept, not copied. */
  writeFull(k: number, voxels: Int16Array): void {
    const sliceLength = this.shape[0] * this.shape[1];
    const count = Math.min(this.shape[2] - k, Math.floor(voxels.length / sliceLength));
    for (let n = 0; n < count; n++) {
      this.voxels[k + n] = voxels.subarray(n * sliceLength, (n + 1) * sliceLength);
      if (this.full[k + n] === 0) this.fullCount += 1;
      this.full[k + n] = 1;
    }
    // Nothing coarse is shown any more.
    if (this.fullCount === this.shape[2]) this.coarse = null;
  }

  /** HU nearest to a place, from the finest that is here. The place must lie in the scan. */
  nearest(i: number, j: number, k: number): number {
    if (this.full[k] === 1) return (this.voxels[k] as Int16Array)[i + this.shape[0] * j] as number;
    const row = this.coarseRow(j, k);
    const { coarse } = this;
    return row === null || coarse === null ? AIR_HU : (row[coarseIndex(i, coarse, 0)] as number);
  }

  /** Looks one slice up in a table of pixels by HU (as uint16), lowest index first on both axes. */
  paint(plane: Plane, slice: number, table: Uint32Array, pixels: Uint32Array): void {
    const [ni, nj, nk] = this.shape;
    if (plane === 'axial') {
      for (let j = 0; j < nj; j++) this.paintRow(j, slice, table, pixels, j * ni);
    } else if (plane === 'coronal') {
      for (let k = 0; k < nk; k++) this.paintRow(slice, k, table, pixels, k * ni);
    } else {
      for (let k = 0; k < nk; k++) this.paintColumn(slice, k, table, pixels, k * nj);
    }
  }

  private paintRow(j: number, k: number, table: Uint32Array, pixels: Uint32Array, at: number): void {
    const ni = this.shape[0];
    if (this.full[k] === 1) {
      const slice = this.voxels[k] as Int16Array;
      for (let i = 0, p = j * ni; i < ni; i++, p++)
        pixels[at + i] = table[(slice[p] as number) & 0xffff] as number;
      return;
    }
    const row = this.coarseRow(j, k);
    const { coarse } = this;
    if (row === null || coarse === null) {
      pixels.fill(table[AIR_HU & 0xffff] as number, at, at + ni);
      return;
    }
    for (let i = 0; i < ni; i++) {
      pixels[at + i] = table[(row[coarseIndex(i, coarse, 0)] as number) & 0xffff] as number;
    }
  }

  private paintColumn(i: number, k: number, table: Uint32Array, pixels: Uint32Array, at: number): void {
    const [ni, nj] = this.shape;
    if (this.full[k] === 1) {
      const slice = this.voxels[k] as Int16Array;
      for (let j = 0, p = i; j < nj; j++, p += ni)
        pixels[at + j] = table[(slice[p] as number) & 0xffff] as number;
      return;
    }
    for (let j = 0; j < nj; j++) pixels[at + j] = table[this.nearest(i, j, k) & 0xffff] as number;
  }

  /** The coarse row that stands for row j of slice k; null where it is not here. */
  private coarseRow(j: number, k: number): Int16Array | null {
    const { coarse } = this;
    const slice = coarse?.slices[coarseIndex(k, coarse, 2)];
    if (coarse === null || slice === undefined) return null;
    const columns = coarse.shape[0];
    const row = coarseIndex(j, coarse, 1);
    return slice.subarray(row * columns, (row + 1) * columns);
  }
}

function coarseIndex(index: number, { shape, step }: CoarseImage, axis: 0 | 1 | 2): number {
  return Math.min(shape[axis] - 1, Math.floor(index / step));
}
