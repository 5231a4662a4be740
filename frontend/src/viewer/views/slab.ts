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

const AIR_HU = -1024;
/** Voxels that are read at once while a plane moves; those of a turned one lie far apart. */
const MOST_MOVING = { straight: 2_500_000, turned: 400_000 } as const;
/** Rows between two looks at the clock. */
const ROWS_AT_ONCE = 8;

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
  const every = isMoving ? Math.max(1, Math.ceil((2 * half + 1) / Math.max(1, most))) : 1;
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
  private row = 0;

  constructor(section: Section, image: ImageSlices, along: SlabSteps, { projection }: Slab) {
    this.section = section;
    this.image = image;
    this.along = along;
    this.fold = FOLDS[projection];
    this.hu = new Int16Array(section.columns * section.rows);
    this.sums = new Int32Array(section.columns);
    this.counts = new Uint16Array(section.columns);
  }

  get isDone(): boolean {
    return this.row === this.section.rows;
  }

  /** Goes on until it is done, or `isOver`. */
  run(isOver: () => boolean): void {
    const { rows } = this.section;
    while (this.row < rows) {
      const end = Math.min(rows, this.row + ROWS_AT_ONCE);
      for (; this.row < end; this.row++) this.takeRow(this.row);
      if (isOver()) return;
    }
  }

  private takeRow(row: number): void {
    const { section, sums, counts, fold } = this;
    counts.fill(0);
    sums.fill(fold.start);
    for (const step of this.along.steps) this.takeLine(this.startOf(row, step));
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

  /** One row of samples, one step along the normal. */
  private takeLine(start: Triple): void {
    const { section, image } = this;
    const [ni, nj, nk] = image.shape;
    const [i, j, k] = start;
    if (!section.isStraight) this.takeTurned(start);
    else if (i >= 0 && j >= 0 && k >= 0 && i < ni && j < nj && k < nk) {
      const { columns } = section;
      const stride = section.perColumn[0] === 1 ? 1 : ni;
      const slice = image.slices[k] as Int16Array;
      if (image.isFull(k)) this.fold.line(this.sums, slice, i + ni * j, stride, columns);
      else this.fold.line(this.sums, this.coarseLine(start), 0, 1, columns);
      // Of a straight section, all columns of a row meet the scan as often.
      this.counts.fill((this.counts[0] as number) + 1);
    }
  }

  private coarseLine([i, j, k]: Triple): Int16Array {
    const { columns, perColumn } = this.section;
    return Int16Array.from({ length: columns }, (_, c) =>
      this.image.nearest(i + c * perColumn[0], j + c * perColumn[1], k),
    );
  }

  /** The nearest voxels along a line that lies anyhow. */
  private takeTurned([i, j, k]: Triple): void {
    const { sums, counts, image, fold } = this;
    const { columns, perColumn } = this.section;
    const [ni, nj, nk] = image.shape;
    for (let c = 0; c < columns; c++) {
      const x = Math.round(i + c * perColumn[0]);
      const y = Math.round(j + c * perColumn[1]);
      const z = Math.round(k + c * perColumn[2]);
      if (x < 0 || y < 0 || z < 0 || x >= ni || y >= nj || z >= nk) continue;
      const hu =
        image.fullness[z] === 1
          ? ((image.slices[z] as Int16Array)[x + ni * y] as number)
          : image.nearest(x, y, z);
      sums[c] = fold.one(sums[c] as number, hu);
      counts[c] = (counts[c] as number) + 1;
    }
  }
}

interface Fold {
  /** What is there before anything was seen. */
  readonly start: number;
  readonly one: (sum: number, hu: number) => number;
  /** What is told of all that was seen. */
  readonly end: (sum: number, count: number) => number;
  /** Takes `count` voxels from `from` on, one each `stride`. Loops without calls: they run millions of times. */
  readonly line: (sums: Int32Array, hu: Int16Array, from: number, stride: number, count: number) => void;
}

const FOLDS: Readonly<Record<Slab['projection'], Fold>> = {
  maximum: {
    start: -32768,
    one: Math.max,
    end: (sum) => sum,
    line(sums, hu, from, stride, count) {
      for (let c = 0, p = from; c < count; c++, p += stride) {
        const value = hu[p] as number;
        if (value > (sums[c] as number)) sums[c] = value;
      }
    },
  },
  minimum: {
    start: 32767,
    one: Math.min,
    end: (sum) => sum,
    line(sums, hu, from, stride, count) {
      for (let c = 0, p = from; c < count; c++, p += stride) {
        const value = hu[p] as number;
        if (value < (sums[c] as number)) sums[c] = value;
      }
    },
  },
  mean: {
    start: 0,
    one: (sum, hu) => sum + hu,
    end: (sum, count) => Math.round(sum / count),
    line(sums, hu, from, stride, count) {
      for (let c = 0, p = from; c < count; c++, p += stride)
        sums[c] = (sums[c] as number) + (hu[p] as number);
    },
  },
};
