/** The plane in which something is measured: a slice of the scan, or a plane that was turned. */
import { type Ijk, ijk, type Triple } from '../../voxels';
import type { PlaneFrame } from '../planeFrame';
import { axesOf } from '../views/planeAxes';
import { dot } from '../views/vectors';
import type { ToolPane } from './host';
import type { Measurement } from './port';

export const STRAIGHT: Triple = [0, 0, 0];

export interface Sheet {
  readonly frame: PlaneFrame;
  /** How the plane was turned, degrees about i, then j, then k; zeros in a slice of the scan. */
  readonly tilt: Triple;
  /** The slice, or the one that is nearest to the middle of a turned plane. */
  readonly slice: number;
  /** Any point of it. */
  readonly through: Ijk;
}

/** A point of the sheet, in millimetres to the right and down. */
export interface Flat {
  readonly x: number;
  readonly y: number;
}

/** What a pane shows. */
export type Shown = Pick<ToolPane, 'frame' | 'view' | 'degrees'>;

export function sheetIn({ frame, view, degrees: tilt }: Shown): Sheet {
  return { frame, tilt, slice: Math.round(view.centre[frame.normal]), through: view.centre };
}

/** The sheet in which something was measured. */
export function sheetOf(frame: PlaneFrame, { tilt, slice }: Measurement, through: Ijk): Sheet {
  return { frame, tilt, slice, through };
}

export function isStraight(tilt: Triple): boolean {
  return tilt.every((angle) => angle === 0);
}

/**
 * Whether a pane shows this sheet: a turned one only while the planes are turned in the same way, and as near to it as the
 * voxel nearest to one of its points is, where *go to* leads.
 */
export function isShownIn(sheet: Sheet, { frame, view, degrees: tilt }: Shown): boolean {
  if (sheet.frame.plane !== frame.plane || sheet.tilt.some((angle, axis) => angle !== tilt[axis]))
    return false;
  if (isStraight(tilt)) return sheet.slice === Math.round(view.centre[frame.normal]);
  const away = dot(between(frame, view.centre, sheet.through), axesOf(frame, tilt).normal);
  return Math.abs(away) <= Math.hypot(...frame.spacing_mm) / 2;
}

export function flatOf({ frame, tilt, through }: Sheet, index: Ijk): Flat {
  const { right, down } = axesOf(frame, tilt);
  const away = between(frame, through, index);
  return { x: dot(away, right), y: dot(away, down) };
}

export function indexOf({ frame, tilt, through }: Sheet, { x, y }: Flat): Ijk {
  const { right, down } = axesOf(frame, tilt);
  const along = (axis: 0 | 1 | 2): number =>
    through[axis] + (right[axis] * x + down[axis] * y) / frame.spacing_mm[axis];
  return ijk(along(0), along(1), along(2));
}

/** Millimetres between two points of the scan. */
export function apart(frame: PlaneFrame, a: Ijk, b: Ijk): number {
  return Math.hypot(...between(frame, a, b));
}

function between({ spacing_mm }: PlaneFrame, from: Ijk, to: Ijk): Triple {
  const along = (axis: 0 | 1 | 2): number => (to[axis] - from[axis]) * spacing_mm[axis];
  return [along(0), along(1), along(2)];
}
