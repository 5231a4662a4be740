import type { Ijk, Triple } from '../voxels';

/** What a slice holds before anything has arrived: air. */
const AIR_HU = -1024;
const NOT_LOADED = 255;

/** The CT as it lies in memory: one slice of int16 HU per k, i fastest, and how fine each slice is so far. */
export class ImageSlices {
  readonly shape: Triple;
  readonly slices: readonly Int16Array[];
  private readonly levels: Uint8Array;

  constructor(shape: Triple) {
    this.shape = shape;
    this.slices = Array.from({ length: shape[2] }, () => new Int16Array(shape[0] * shape[1]).fill(AIR_HU));
    this.levels = new Uint8Array(shape[2]).fill(NOT_LOADED);
  }

  isFull(k: number): boolean {
    return this.levels[k] === 0;
  }

  /** HU of a voxel at full resolution, or null while it is not here. */
  huAt([i, j, k]: Ijk): number | null {
    return this.isFull(k) ? (this.slices[k]?.[i + this.shape[0] * j] ?? null) : null;
  }

  /** Puts full-resolution voxels in place: whole slices from k on, as far as they reach. */
  writeFull(k: number, voxels: Int16Array): void {
    const sliceLength = this.shape[0] * this.shape[1];
    const count = Math.min(this.shape[2] - k, Math.floor(voxels.length / sliceLength));
    for (let n = 0; n < count; n++) {
      this.slices[k + n]?.set(voxels.subarray(n * sliceLength, (n + 1) * sliceLength));
      this.levels[k + n] = 0;
    }
  }

  /**
   * Fills one slice from a coarser slice, each of whose voxels stands for `step` voxels on an axis. Does nothing to
   * a slice that is already finer; true where it wrote.
   */
  writeCoarse(k: number, coarse: Int16Array, coarseShape: Triple, step: number, level: number): boolean {
    const slice = this.slices[k];
    if (slice === undefined || (this.levels[k] ?? 0) <= level) return false;
    const [ni, nj] = this.shape;
    const [coarseColumns, coarseRows] = coarseShape;
    let written = -1;
    for (let j = 0; j < nj; j++) {
      const row = Math.min(coarseRows - 1, Math.floor(j / step));
      if (row === written) {
        slice.copyWithin(j * ni, (j - 1) * ni, j * ni);
      } else {
        stretchRow(slice, j * ni, ni, coarse, row * coarseColumns, coarseColumns, step);
        written = row;
      }
    }
    this.levels[k] = level;
    return true;
  }
}

function stretchRow(
  target: Int16Array,
  at: number,
  count: number,
  source: Int16Array,
  from: number,
  columns: number,
  step: number,
): void {
  const whole = Math.min(columns, Math.floor(count / step));
  for (let c = 0; c < whole; c++) {
    target.fill(source[from + c] as number, at + c * step, at + (c + 1) * step);
  }
  target.fill(source[from + columns - 1] as number, at + whole * step, at + count);
}
