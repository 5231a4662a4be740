/** Outlines pushed through slices: spans of voxels as the edit engine fills them. */
import type { Ijk, Plane, Triple } from './geometry';
import { PLANE_AXIS } from './geometry';
import { OperationRefused } from './operations/operation';
import { type Outline, rowsOf, type SliceGrid, type SlicePoint } from './polygon';
import { sliceSize } from './slice';
import type { OnSpan } from './sweep';

/** An outline of one plane, through slices `first` to `last`, both included. */
export interface Cut {
  readonly plane: Plane;
  readonly first: number;
  readonly last: number;
  readonly outline: Outline;
  /** False: everything in these slices but the outline. */
  readonly inside: boolean;
}

/** How far along the viewing axis: this slice, so many slices to both sides, or all. */
export type Reach = 'slice' | 'all' | { readonly slices: number };

/** Array axes of columns and rows. */
const SLICE_AXES: Readonly<Record<Plane, readonly [0 | 1 | 2, 0 | 1 | 2]>> = {
  axial: [0, 1],
  coronal: [0, 2],
  sagittal: [1, 2],
};

/** Column and row of a voxel position in the slices of a plane. */
export function slicePoint(plane: Plane, index: Ijk): SlicePoint {
  const [across, down] = SLICE_AXES[plane];
  return [index[across], index[down]];
}

export function sliceGrid(shape: Triple, spacing_mm: Triple, plane: Plane): SliceGrid {
  const [across, down] = SLICE_AXES[plane];
  return { ...sliceSize(shape, plane), spacing_mm: [spacing_mm[across], spacing_mm[down]] };
}

/** First and last slice that a cut at `slice` reaches. */
export function sliceReach(shape: Triple, plane: Plane, slice: number, reach: Reach): [number, number] {
  const last = shape[PLANE_AXIS[plane]] - 1;
  if (!Number.isInteger(slice) || slice < 0 || slice > last) {
    throw new OperationRefused(
      `There is no ${plane} slice ${slice}; go to a slice of the scan and draw again.`,
    );
  }
  if (reach === 'all') return [0, last];
  const by = reach === 'slice' ? 0 : Math.max(0, Math.floor(reach.slices));
  return [Math.max(0, slice - by), Math.min(last, slice + by)];
}

/** Calls back for every span of the cut; none overlap and all lie in the scan. */
export function cutSpans(shape: Triple, spacing_mm: Triple, cut: Cut, onSpan: OnSpan): void {
  const [first] = sliceReach(shape, cut.plane, cut.first, 'slice');
  const [, last] = sliceReach(shape, cut.plane, cut.last, 'slice');
  const rows = rowsOf(cut.outline, sliceGrid(shape, spacing_mm, cut.plane), cut.inside);
  for (let slice = first; slice <= last; slice++) rowSpans(shape, cut.plane, slice, rows, onSpan);
}

/** Rows of one slice (row, first column, count; one after the other) as spans of the scan. */
export function rowSpans(
  shape: Triple,
  plane: Plane,
  slice: number,
  rows: ArrayLike<number>,
  onSpan: OnSpan,
): void {
  const ni = shape[0];
  for (let n = 0; n < rows.length; n += 3) {
    const [row, first, count] = [rows[n], rows[n + 1], rows[n + 2]];
    if (plane === 'axial') onSpan(slice, first + ni * row, count, 1);
    else if (plane === 'coronal') onSpan(row, first + ni * slice, count, 1);
    else onSpan(row, slice + ni * first, count, ni);
  }
}
