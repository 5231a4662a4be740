/**
 * Where voxels lie on the screen: the one conversion between voxel index and canvas pixels of a plane.
 *
 * The rendered scene is laid out in millimetres along the array's axes (origin 0, no rotation), so that a plane
 * always shows whole slices of the array, also of a scan whose axes are oblique to the patient's.
 */
import { type Box, type Ijk, ijk, PLANE_AXIS, type Plane, sliceSize, type Triple } from '../voxels';

type Axis = 0 | 1 | 2;

/** Along an axis on which the scan goes on beyond the part that is asked for, the part fills so much of the view. */
const PART_SHARE = 0.8;
/** Zoom against that at which the whole slice fits. */
export const ZOOM_LIMITS = { least: 0.25, most: 40 } as const;

export interface PlaneFrame {
  readonly plane: Plane;
  /** Array axis that runs to the right of the screen. */
  readonly across: Axis;
  /** Array axis that runs along the screen's vertical. */
  readonly along: Axis;
  readonly normal: Axis;
  /** +1 where the index grows downwards, -1 where it grows upwards (superior is up). */
  readonly down: 1 | -1;
  readonly columns: number;
  readonly rows: number;
  readonly slices: number;
  readonly spacing_mm: Triple;
  /** False: nobody knows how large a voxel is, so that it is a millimetre by name alone. */
  readonly isMeasured: boolean;
  /** Letters at the edges of the screen. */
  readonly letters: {
    readonly left: string;
    readonly right: string;
    readonly top: string;
    readonly bottom: string;
  };
}

const LAYOUT = {
  axial: { across: 0, along: 1, down: 1, letters: { left: 'R', right: 'L', top: 'A', bottom: 'P' } },
  coronal: { across: 0, along: 2, down: -1, letters: { left: 'R', right: 'L', top: 'S', bottom: 'I' } },
  sagittal: { across: 1, along: 2, down: -1, letters: { left: 'A', right: 'P', top: 'S', bottom: 'I' } },
} as const;

export function planeFrame(plane: Plane, shape: Triple, spacing_mm: Triple, isMeasured = true): PlaneFrame {
  const normal = PLANE_AXIS[plane];
  const size = { slices: shape[normal], ...sliceSize(shape, plane) };
  return { plane, normal, spacing_mm, isMeasured, ...LAYOUT[plane], ...size };
}

export interface ScreenPoint {
  readonly x: number;
  readonly y: number;
}

/** What a plane shows: the voxel (not rounded, but for the slice) at the centre of a canvas, and the zoom. */
export interface PlaneView {
  readonly centre: Ijk;
  readonly pixelsPerMm: number;
  readonly width: number;
  readonly height: number;
}

/** Canvas x = x0 + dx * column and y = y0 + dy * row. */
export interface ScreenTransform {
  readonly x0: number;
  readonly y0: number;
  readonly dx: number;
  readonly dy: number;
}

export function screenTransform(frame: PlaneFrame, view: PlaneView): ScreenTransform {
  const dx = frame.spacing_mm[frame.across] * view.pixelsPerMm;
  const dy = frame.down * frame.spacing_mm[frame.along] * view.pixelsPerMm;
  return {
    dx,
    dy,
    x0: view.width / 2 - view.centre[frame.across] * dx,
    y0: view.height / 2 - view.centre[frame.along] * dy,
  };
}

export function toScreen(frame: PlaneFrame, view: PlaneView, index: Ijk): ScreenPoint {
  const { x0, y0, dx, dy } = screenTransform(frame, view);
  return { x: x0 + dx * index[frame.across], y: y0 + dy * index[frame.along] };
}

/** The point of the shown slice under a canvas pixel; it may lie outside the array. */
export function toIndex(frame: PlaneFrame, view: PlaneView, point: ScreenPoint): Ijk {
  const { x0, y0, dx, dy } = screenTransform(frame, view);
  const index = components(view.centre);
  index[frame.across] = (point.x - x0) / dx;
  index[frame.along] = (point.y - y0) / dy;
  return ijk(...index);
}

/** Pixels per millimetre at which the whole slice fits. */
export function fitScale(frame: PlaneFrame, width: number, height: number): number {
  const widthMm = frame.columns * frame.spacing_mm[frame.across];
  const heightMm = frame.rows * frame.spacing_mm[frame.along];
  return Math.max(1e-3, Math.min(width / widthMm, height / heightMm));
}

/** What shows the part through `near`, with some of the scan around it where that goes on; null: the whole slice. */
export function fittedView(
  frame: PlaneFrame,
  part: Box | null,
  near: Ijk,
  { width, height }: Pick<PlaneView, 'width' | 'height'>,
): PlaneView {
  const { across, along, columns, rows, spacing_mm } = frame;
  const centre = components(near);
  const voxels = { [across]: columns, [along]: rows } as Record<Axis, number>;
  const shownMm = [across, along].map((axis) => {
    const low = part?.low[axis] ?? 0;
    const size = part?.size[axis] ?? voxels[axis];
    centre[axis] = low + (size - 1) / 2;
    return Math.min(voxels[axis], size / (size < voxels[axis] ? PART_SHARE : 1)) * spacing_mm[axis];
  }) as [number, number];
  const most = ZOOM_LIMITS.most * fitScale(frame, width, height);
  const pixelsPerMm = Math.min(most, Math.max(1e-3, Math.min(width / shownMm[0], height / shownMm[1])));
  return { centre: ijk(...centre), width, height, pixelsPerMm };
}

export function withSlice(frame: PlaneFrame, view: PlaneView, slice: number): PlaneView {
  const centre = components(view.centre);
  centre[frame.normal] = Math.min(frame.slices - 1, Math.max(0, Math.round(slice)));
  return { ...view, centre: ijk(...centre) };
}

function components(index: Ijk): [number, number, number] {
  return [index[0], index[1], index[2]];
}
