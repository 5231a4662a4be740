/** How a plane lies in the scan, straight or turned about the crosshair, and what that means for its canvas. */
import { type Ijk, PLANE_AXIS, type Plane, type Triple } from '../../voxels';
import { fitScale, type PlaneFrame, type PlaneView, type ScreenPoint, ZOOM_LIMITS } from '../planeFrame';
import { dot } from './vectors';

/** Unit vectors of a plane on the screen, in millimetres along the array's axes. */
export interface PlaneAxes {
  readonly right: Triple;
  readonly down: Triple;
  /** Towards the higher slice. */
  readonly normal: Triple;
}

type Matrix = readonly [Triple, Triple, Triple];

export function axesOf(frame: PlaneFrame, degrees: Triple): PlaneAxes {
  const turn = rotation(degrees);
  const axis = (n: 0 | 1 | 2, sign: 1 | -1): Triple =>
    [turn[0][n] * sign, turn[1][n] * sign, turn[2][n] * sign] as const;
  return { right: axis(frame.across, 1), down: axis(frame.along, frame.down), normal: axis(frame.normal, 1) };
}

/**
 * The degrees after all planes were turned once more, about the line that one of them looks along now; clockwise as that
 * plane is seen on the screen. To a tenth of a degree.
 */
export function turnedInPlane(degrees: Triple, plane: Plane, clockwise: number): Triple {
  const by: [number, number, number] = [0, 0, 0];
  // What is seen turns against the plane.
  by[PLANE_AXIS[plane]] = plane === 'sagittal' ? clockwise : -clockwise;
  const [first, second] = [rotation(degrees), rotation(by)];
  const at = (row: 0 | 1 | 2, column: 0 | 1 | 2): number =>
    dot(first[row], [second[0][column], second[1][column], second[2][column]]);
  const tenths = (radians: number): number => Math.round((radians * 1800) / Math.PI) / 10 || 0;
  const isUpright = Math.abs(at(2, 0)) > 1 - 1e-9;
  return [
    // Where the second turn is a right angle, the first and the third are one.
    tenths(isUpright ? Math.atan2(-at(1, 2), at(1, 1)) : Math.atan2(at(2, 1), at(2, 2))),
    tenths(Math.asin(Math.min(1, Math.max(-1, -at(2, 0))))),
    tenths(isUpright ? 0 : Math.atan2(at(1, 0), at(0, 0))),
  ];
}

/** About i, then j, then k. */
function rotation([i, j, k]: Triple): Matrix {
  const [ci, si] = turn(i);
  const [cj, sj] = turn(j);
  const [ck, sk] = turn(k);
  return [
    [ck * cj, ck * sj * si - sk * ci, ck * sj * ci + sk * si],
    [sk * cj, sk * sj * si + ck * ci, sk * sj * ci - ck * si],
    [-sj, cj * si, cj * ci],
  ];
}

function turn(degrees: number): readonly [cosine: number, sine: number] {
  const radians = (degrees * Math.PI) / 180;
  return [Math.cos(radians), Math.sin(radians)];
}

/** The index that lies some millimetres from another. */
function shifted(index: Ijk, by_mm: Triple, length: number, spacing_mm: Triple): Ijk {
  return [0, 1, 2].map(
    (axis) => (index[axis] as number) + ((by_mm[axis] as number) * length) / (spacing_mm[axis] as number),
  ) as unknown as Ijk;
}

/** Millimetres from one index to another. */
function between_mm(from: Ijk, to: Ijk, spacing_mm: Triple): Triple {
  const along = (axis: 0 | 1 | 2): number => (to[axis] - from[axis]) * spacing_mm[axis];
  return [along(0), along(1), along(2)];
}

/** Where a voxel lies on the canvas; one beside the plane is projected onto it. */
export function screenOf(frame: PlaneFrame, axes: PlaneAxes, view: PlaneView, index: Ijk): ScreenPoint {
  const { centre, width, height, pixelsPerMm } = view;
  const away = between_mm(centre, index, frame.spacing_mm);
  return {
    x: width / 2 + dot(away, axes.right) * pixelsPerMm,
    y: height / 2 + dot(away, axes.down) * pixelsPerMm,
  };
}

/** The point of the plane under a canvas pixel; it may lie outside the scan. */
export function indexUnder(frame: PlaneFrame, axes: PlaneAxes, view: PlaneView, point: ScreenPoint): Ijk {
  const { centre, width, height, pixelsPerMm } = view;
  const across = shifted(centre, axes.right, (point.x - width / 2) / pixelsPerMm, frame.spacing_mm);
  return shifted(across, axes.down, (point.y - height / 2) / pixelsPerMm, frame.spacing_mm);
}

/** The view after the content was dragged by some pixels. */
export function panned(
  frame: PlaneFrame,
  axes: PlaneAxes,
  view: PlaneView,
  dx: number,
  dy: number,
): PlaneView {
  const middle = { x: view.width / 2 - dx, y: view.height / 2 - dy };
  return { ...view, centre: indexUnder(frame, axes, view, middle) };
}

/** The view after a zoom that leaves what lies under `about` where it is; within limits. */
export function zoomed(
  frame: PlaneFrame,
  axes: PlaneAxes,
  view: PlaneView,
  factor: number,
  about: ScreenPoint,
): PlaneView {
  const fit = fitScale(frame, view.width, view.height);
  const pixelsPerMm = Math.min(
    fit * ZOOM_LIMITS.most,
    Math.max(fit * ZOOM_LIMITS.least, view.pixelsPerMm * factor),
  );
  const moved = 1 - view.pixelsPerMm / pixelsPerMm;
  const middle = {
    x: view.width / 2 + (about.x - view.width / 2) * moved,
    y: view.height / 2 + (about.y - view.height / 2) * moved,
  };
  return { ...view, pixelsPerMm, centre: indexUnder(frame, axes, view, middle) };
}

/** The view moved along its normal, so that its plane goes through a point. */
export function throughPoint(frame: PlaneFrame, axes: PlaneAxes, view: PlaneView, point: Ijk): PlaneView {
  const away = dot(between_mm(view.centre, point, frame.spacing_mm), axes.normal);
  return { ...view, centre: shifted(view.centre, axes.normal, away, frame.spacing_mm) };
}

/** A point moved along the plane's normal by so many slices of the straight plane. */
export function stepped(frame: PlaneFrame, axes: PlaneAxes, point: Ijk, slices: number): Ijk {
  return shifted(point, axes.normal, slices * frame.spacing_mm[frame.normal], frame.spacing_mm);
}
