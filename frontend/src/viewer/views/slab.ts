/**
 * A thick slab: for each sample of a section the largest, smallest or mean HU along the section's normal. Computed row
 * by row, so that it can stop when its turn is over and go on in the next one.
 */
import type { Triple } from '../../voxels';
import type { ImageSlices } from '../imageSlices';
import type { PlaneFrame } from '../planeFrame';
import type { PlaneAxes } from './planeAxes';
import type { Slab } from './port';
import type { Section } from './section';
import { insideOf } from './tilt';

const AIR_HU = -1024;
/** Voxels that are read at once while a plane moves; those of a turned one lie far apart. */
const MOST_MOVING = { straight: 1_200_000, turned: 160_000 } as const;
/** Voxels that are read between two looks at the clock. */
const MOST_AT_ONCE = 60_000;

/** Along the normal: how far each step goes in voxels, and at which of them to look, the middle being 0. */
export interface SlabSteps {
  readonly perStep: Triple;
  readonly steps: readonly number[];
}

/** Slices whose middle lies within half the thickness; in a turned plane as close together as the closest voxels. */
export function slabSteps(
  frame: PlaneFrame,
  axes: PlaneAxes,
  { isStraight, columns, rows }: Pick<Section, 'isStraight' | 'columns' | 'rows'>,
  { thickness_mm }: Slab,
  isMoving: boolean,
): SlabSteps {
  const { spacing_mm } = frame;
  const step_mm = isStraight ? spacing_mm[frame.normal] : Math.min(...spacing_mm);
  const half = Math.floor(thickness_mm / 2 / step_mm + 1e-9);
  const most = MOST_MOVING[isStraight ? 'straight' : 'turned'] / (columns * rows);
  const toEachSide = isMoving ? Math.max(0, Math.floor((most - 1) / 2)) : half;
  const every = toEachSide === 0 ? half + 1 : Math.ceil(half / toEachSide);
  const along = (axis: 0 | 1 | 2): number => (axes.normal[axis] * step_mm) / spacing_mm[axis];
  const perStep: Triple = isStraight
    ? [frame.normal === 0 ? 1 : 0, frame.normal === 1 ? 1 : 0, frame.normal === 2 ? 1 : 0]
    : [along(0), along(1), along(2)];
  // Both ways from the middle, which is there whatever is left out.
  const steps = [0];
  for (let n = every; n <= half; n += every) steps.push(n, -n);
  return { perStep, steps };
}

export class SlabPicture {
  readonly hu: Int16Array;
  private readonly section: Section;
  private readonly image: ImageSlices;
  private readonly along: SlabSteps;
  private readonly fold: Fold;
  private readonly sums: Int32Array;
  private readonly counts: Uint16Array;
  /** One row of a turned section, along the line that is being read. */
  private readonly line: Int16Array;
  private row = 0;

  constructor(section: Section, image: ImageSlices, along: SlabSteps, { projection }: Slab) {
    this.section = section;
    this.image = image;
    this.along = along;
    this.fold = FOLDS[projection];
    this.hu = new Int16Array(section.columns * section.rows);
    this.sums = new Int32Array(section.columns);
    this.counts = new Uint16Array(section.columns);
    this.line = new Int16Array(section.columns);
  }

  get isDone(): boolean {
    return this.row === this.section.rows;
  }

  /** Goes on until it is done, or `isOver`. */
  run(isOver: () => boolean): void {
    const { rows, columns } = this.section;
    const atOnce = Math.max(1, Math.floor(MOST_AT_ONCE / (columns * this.along.steps.length)));
    while (this.row < rows) {
      const end = Math.min(rows, this.row + atOnce);
      for (; this.row < end; this.row++) this.takeRow(this.row);
      if (isOver()) return;
    }
  }

  private takeRow(row: number): void {
    const { section, sums, counts, fold, along } = this;
    sums.fill(fold.start);
    if (section.isStraight) counts.fill(this.takeStraight(row));
    else {
      counts.fill(0);
      for (const step of along.steps) this.takeTurned(this.startOf(row, step));
    }
    const at = row * section.columns;
    for (let c = 0; c < section.columns; c++) {
      const [sum, count] = [sums[c] as number, counts[c] as number];
      this.hu[at + c] = count === 0 ? AIR_HU : fold.end(sum, count);
    }
  }

  private startOf(row: number, step: number): Triple {
    const { origin, perRow } = this.section;
    const { perStep } = this.along;
    const at = (axis: 0 | 1 | 2): number => origin[axis] + row * perRow[axis] + step * perStep[axis];
    return [at(0), at(1), at(2)];
  }

  /** How many slices of the slab are in the scan: as many for each column of a row. */
  private takeStraight(row: number): number {
    const { section, image, sums, fold } = this;
    const { columns, perColumn } = section;
    const [ni, nj, nk] = image.shape;
    const stride = perColumn[0] === 1 ? 1 : ni;
    let count = 0;
    for (const step of this.along.steps) {
      const start = this.startOf(row, step);
      const [i, j, k] = start;
      if (i < 0 || j < 0 || k < 0 || i >= ni || j >= nj || k >= nk) continue;
      count += 1;
      if (image.isFull(k)) fold.line(sums, 0, columns, image.slices[k] as Int16Array, i + ni * j, stride);
      else fold.line(sums, 0, columns, this.coarseLine(start), 0, 1);
    }
    return count;
  }

  private coarseLine([i, j, k]: Triple): Int16Array {
    const { perColumn } = this.section;
    for (let c = 0; c < this.line.length; c++) {
      this.line[c] = this.image.nearest(i + c * perColumn[0], j + c * perColumn[1], k);
    }
    return this.line;
  }

  /** The nearest voxels along a line that lies anyhow. */
  private takeTurned([x, y, z]: Triple): void {
    const { image, line, counts } = this;
    const { columns, perColumn } = this.section;
    const [dx, dy, dz] = perColumn;
    const [first, end] = insideOf([x, y, z], perColumn, image.shape, columns);
    const { slices, fullness } = image;
    const ni = image.shape[0];
    for (let c = first; c < end; c++) {
      // No index is negative, so cutting off the fraction rounds.
      const i = (x + c * dx + 0.5) | 0;
      const j = (y + c * dy + 0.5) | 0;
      const k = (z + c * dz + 0.5) | 0;
      line[c] =
        fullness[k] === 1 ? ((slices[k] as Int16Array)[i + ni * j] as number) : image.nearest(i, j, k);
      counts[c] = (counts[c] as number) + 1;
    }
    this.fold.line(this.sums, first, end, line, first, 1);
  }
}

interface Fold {
  /** What is there before anything was seen. */
  readonly start: number;
  /** What is told of all that was seen. */
  readonly end: (sum: number, count: number) => number;
  /**
   * Takes a voxel for each column, from `from` on, one each `stride`. Loops without calls: they run millions of times.
   */
  readonly line: (
    sums: Int32Array,
    first: number,
    end: number,
    hu: Int16Array,
    from: number,
    stride: number,
  ) => void;
}

const FOLDS: Readonly<Record<Slab['projection'], Fold>> = {
  maximum: {
    start: -32768,
    end: (sum) => sum,
    line(sums, first, end, hu, from, stride) {
      for (let c = first, p = from; c < end; c++, p += stride) {
        const value = hu[p] as number;
        if (value > (sums[c] as number)) sums[c] = value;
      }
    },
  },
  minimum: {
    start: 32767,
    end: (sum) => sum,
    line(sums, first, end, hu, from, stride) {
      for (let c = first, p = from; c < end; c++, p += stride) {
        const value = hu[p] as number;
        if (value < (sums[c] as number)) sums[c] = value;
      }
    },
  },
  mean: {
    start: 0,
    end: (sum, count) => Math.round(sum / count),
    line(sums, first, end, hu, from, stride) {
      for (let c = first, p = from; c < end; c++, p += stride)
        sums[c] = (sums[c] as number) + (hu[p] as number);
    },
  },
};
