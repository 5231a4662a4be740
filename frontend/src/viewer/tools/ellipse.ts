/** A region in the form of an ellipse: the ends of its two axes, moved, turned and stretched by hand. Pure. */
import { type Ijk, ijk } from '../../voxels';
import type { PlaneFrame } from '../planeFrame';
import type { Measurement } from './port';
import { apart, type Flat, flatOf, indexOf, type Sheet } from './sheet';

export type Ellipse = Extract<Measurement, { kind: 'ellipse' }>;
type Place = Pick<Measurement, 'id' | 'label' | 'plane' | 'slice' | 'tilt'>;
type Axis = readonly [Ijk, Ijk];

/** Points of the line that is drawn around it. */
const OUTLINE_POINTS = 72;

/** The ellipse that fills a rectangle between two corners, upright as the screen is. */
export function ellipseBetween(place: Place, sheet: Sheet, corners: readonly [Ijk, Ijk]): Ellipse {
  const [a, b] = [flatOf(sheet, corners[0]), flatOf(sheet, corners[1])];
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  const [wide, high] = [Math.abs(a.x - b.x) / 2, Math.abs(a.y - b.y) / 2];
  return fromMiddle(place, sheet, middle, [
    { x: wide, y: 0 },
    { x: 0, y: high },
  ]);
}

/** The ellipse with these axes; the area follows from them. */
export function ellipseOf(place: Place, frame: PlaneFrame, axes: readonly [Axis, Axis]): Ellipse {
  const [first, second] = axes;
  const area_mm2 = (Math.PI / 4) * apart(frame, ...first) * apart(frame, ...second);
  return { ...place, kind: 'ellipse', axes, area_mm2 };
}

/**
 * After one end was dragged: its axis reaches to the pointer, the other one stays across it, and the middle where it is.
 * End 4 is the middle: it takes the whole with it.
 */
export function ellipseWithEnd(ellipse: Ellipse, sheet: Sheet, end: number, to: Ijk): Ellipse {
  const { id, label, plane, slice, tilt } = ellipse;
  const place = { id, label, plane, slice, tilt };
  const at = flatOf(sheet, to);
  const middle = flatOf(sheet, middleOf(ellipse));
  const arms = ellipse.axes.map(([, tip]) => less(flatOf(sheet, tip), middle)) as [Flat, Flat];
  if (end === 4) return fromMiddle(place, sheet, at, arms);
  const held = less(at, middle);
  const length = Math.hypot(held.x, held.y);
  if (length === 0) return ellipse;
  const isFirst = end < 2;
  const arm = end % 2 === 1 ? held : { x: -held.x, y: -held.y };
  const other = Math.hypot(...(isFirst ? [arms[1].x, arms[1].y] : [arms[0].x, arms[0].y])) / length;
  const across = isFirst ? { x: -arm.y * other, y: arm.x * other } : { x: arm.y * other, y: -arm.x * other };
  return fromMiddle(place, sheet, middle, isFirst ? [arm, across] : [across, arm]);
}

export function middleOf({ axes: [[a, b]] }: Ellipse): Ijk {
  return ijk((a[0] + b[0]) / 2, (a[1] + b[1]) / 2, (a[2] + b[2]) / 2);
}

/** A closed line around it. */
export function outlineOf(ellipse: Ellipse): readonly Ijk[] {
  const middle = middleOf(ellipse);
  const [[, first], [, second]] = ellipse.axes;
  return Array.from({ length: OUTLINE_POINTS + 1 }, (_, n) => {
    const turn = (2 * Math.PI * n) / OUTLINE_POINTS;
    const [c, s] = [Math.cos(turn), Math.sin(turn)];
    const along = (axis: 0 | 1 | 2): number =>
      middle[axis] + c * (first[axis] - middle[axis]) + s * (second[axis] - middle[axis]);
    return ijk(along(0), along(1), along(2));
  });
}

function fromMiddle(place: Place, sheet: Sheet, middle: Flat, arms: readonly [Flat, Flat]): Ellipse {
  const axes = arms.map(({ x, y }): Axis => {
    const tip = (sign: 1 | -1): Ijk => indexOf(sheet, { x: middle.x + sign * x, y: middle.y + sign * y });
    return [tip(-1), tip(1)];
  }) as [Axis, Axis];
  return ellipseOf(place, sheet.frame, axes);
}

function less(a: Flat, b: Flat): Flat {
  return { x: a.x - b.x, y: a.y - b.y };
}
