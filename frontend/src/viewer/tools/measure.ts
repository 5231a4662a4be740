/** What is measured in a plane: how it is made, hit and changed. Pure: screen and pointer are elsewhere. */
import { type Ijk, ijk, type Plane, type Triple } from '../../voxels';
import { type PlaneFrame, planeFrame, type ScreenPoint } from '../planeFrame';
import { ellipseBetween, ellipseOf, ellipseWithEnd, middleOf, outlineOf } from './ellipse';
import type { ToolPane } from './host';
import type { Measurement } from './port';
import { apart, type Flat, flatOf, indexOf, isStraight, type Sheet, sheetOf } from './sheet';

export type MeasurementKind = Measurement['kind'];
export const MEASURING: readonly MeasurementKind[] = ['length', 'bidirectional', 'angle', 'ellipse'];
/** Drawn in one drag. */
export type LineKind = Exclude<MeasurementKind, 'angle'>;
export type Angle = Extract<Measurement, { kind: 'angle' }>;

/** One point that can be dragged: of the line (or the first axis), of the other axis, of an angle; 4: a middle. */
export type End = 0 | 1 | 2 | 3 | 4;

type Place = Pick<Measurement, 'id' | 'label' | 'plane' | 'slice' | 'tilt'>;

/** The short axis of a new bidirectional measurement, as a share of the long one. */
const START_SHORT = 0.5;

export function measurementBetween(
  kind: LineKind,
  id: number,
  sheet: Sheet,
  ends: readonly [Ijk, Ijk],
): Measurement {
  const place = placeIn(id, sheet);
  if (kind === 'ellipse') return ellipseBetween(place, sheet, ends);
  if (kind === 'length') return { ...place, kind, ends, length_mm: apart(sheet.frame, ...ends) };
  const [a, b] = [flatOf(sheet, ends[0]), flatOf(sheet, ends[1])];
  const half = (distance(a, b) * START_SHORT) / 2;
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  return bidirectional(place, sheet, a, b, middle, [-half, half]);
}

/** The angle at the second of three points of a plane. */
export function angleAt(id: number, sheet: Sheet, points: readonly [Ijk, Ijk, Ijk]): Angle {
  return angle(placeIn(id, sheet), sheet.frame, points);
}

function placeIn(id: number, { frame, slice, tilt }: Sheet): Place {
  return { id, label: '', plane: frame.plane, slice, tilt };
}

/** The measurement after one of its ends was dragged to a place. */
export function withEnd(measurement: Measurement, frame: PlaneFrame, end: End, to: Ijk): Measurement {
  const sheet = sheetBehind(measurement, frame);
  const at = isStraight(sheet.tilt) ? to : indexOf(sheet, flatOf(sheet, to));
  switch (measurement.kind) {
    case 'length': {
      const ends: readonly [Ijk, Ijk] = end === 0 ? [at, measurement.ends[1]] : [measurement.ends[0], at];
      return { ...measurement, ends, length_mm: apart(frame, ...ends) };
    }
    case 'angle': {
      const [a, vertex, b] = measurement.points.map((point, n) => (n === end ? at : point));
      return angle(measurement, frame, [a, vertex, b] as Angle['points']);
    }
    case 'ellipse':
      return ellipseWithEnd(measurement, sheet, end, at);
    case 'bidirectional':
      return withAxisEnd(measurement, sheet, end, at);
  }
}

/** The plane in which it was measured. */
export function sheetBehind(measurement: Measurement, frame: PlaneFrame): Sheet {
  const [[, through]] = endsOf(measurement) as [readonly [End, Ijk]];
  return sheetOf(frame, measurement, through);
}

function withAxisEnd(measurement: Bidirectional, sheet: Sheet, end: End, to: Ijk): Measurement {
  const { id, label, plane, slice, tilt } = measurement;
  const place = { id, label, plane, slice, tilt };
  const [a, b] = measurement.long.map((point) => flatOf(sheet, point)) as [Flat, Flat];
  const reach = reachOf(sheet, measurement);
  if (end < 2) {
    const moved = flatOf(sheet, to);
    const [from, until] = end === 0 ? [moved, b] : [a, moved];
    const foot = { x: lerp(from.x, until.x, reach.share), y: lerp(from.y, until.y, reach.share) };
    return bidirectional(place, sheet, from, until, foot, reach.sides);
  }
  const across = perpendicular(a, b);
  const at = flatOf(sheet, to);
  const foot = footOf(a, b, at);
  const side = (at.x - foot.x) * across.x + (at.y - foot.y) * across.y;
  const sides: [number, number] = end === 2 ? [side, reach.sides[1]] : [reach.sides[0], side];
  return bidirectional(place, sheet, a, b, foot, sides);
}

/** Every end of a measurement with its number: what is kept of it. */
export function endsOf(measurement: Measurement): readonly (readonly [End, Ijk])[] {
  return pointsOf(measurement).map((point, n) => [n as End, point]);
}

/** What can be taken to change it. */
export function gripsOf(measurement: Measurement): readonly (readonly [End, Ijk])[] {
  return measurement.kind === 'ellipse'
    ? [...endsOf(measurement), [4, middleOf(measurement)]]
    : endsOf(measurement);
}

function pointsOf(measurement: Measurement): readonly Ijk[] {
  switch (measurement.kind) {
    case 'length':
      return measurement.ends;
    case 'bidirectional':
      return [...measurement.long, ...measurement.short];
    case 'angle':
      return measurement.points;
    case 'ellipse':
      return measurement.axes.flat();
  }
}

/** The point at which its words stand. */
export function anchorOf(measurement: Measurement): Ijk {
  const [first, second] = pointsOf(measurement) as readonly [Ijk, Ijk];
  return second ?? first;
}

/** What is drawn of a measurement. */
export function linesOf(measurement: Measurement): readonly (readonly Ijk[])[] {
  switch (measurement.kind) {
    case 'length':
      return [measurement.ends];
    case 'bidirectional':
      return [measurement.long, measurement.short];
    case 'angle':
      return [measurement.points];
    case 'ellipse':
      return [outlineOf(measurement)];
  }
}

type Bidirectional = Extract<Measurement, { kind: 'bidirectional' }>;

/** What is kept of a measurement: its ends in the order of `endsOf`. */
export interface KeptMeasurement {
  readonly id: number;
  readonly label: string;
  readonly kind: MeasurementKind;
  readonly plane: Plane;
  readonly tilt: Triple;
  readonly points: readonly Ijk[];
}

/** The measurement that was kept; null where points are missing. */
export function measurementOf(
  { id, label, kind, plane, tilt, points }: KeptMeasurement,
  shape: Triple,
  spacing_mm: Triple,
): Measurement | null {
  const [a, b, c] = points;
  if (a === undefined || b === undefined) return null;
  const frame = planeFrame(plane, shape, spacing_mm);
  const place = { id, label, plane, tilt, slice: Math.round(a[frame.normal]) };
  if (kind === 'length') return { ...place, kind, ends: [a, b], length_mm: apart(frame, a, b) };
  if (c === undefined) return null;
  return kind === 'angle' ? angle(place, frame, [a, b, c]) : axesOf(kind, place, frame, points);
}

function axesOf(
  kind: 'bidirectional' | 'ellipse',
  place: Place,
  frame: PlaneFrame,
  [a, b, c, d]: readonly Ijk[],
): Measurement | null {
  if (a === undefined || b === undefined || c === undefined || d === undefined) return null;
  const axes = [[a, b] as const, [c, d] as const] as const;
  if (kind === 'ellipse') return ellipseOf(place, frame, axes);
  return { ...place, kind, long: axes[0], short: axes[1], ...lengthsOf(frame, axes) };
}

/** The point of the plane under a point of the pane; in a slice, held on the scan. */
export function pointOn(pane: ToolPane, point: ScreenPoint): Ijk {
  const index = pane.indexAt(point);
  return isStraight(pane.degrees) ? heldOnScan(pane.frame, index) : index;
}

/** The nearest point of the slice that lies on the scan. */
export function heldOnScan(frame: PlaneFrame, index: Ijk): Ijk {
  const held: [number, number, number] = [index[0], index[1], index[2]];
  const most = { [frame.across]: frame.columns - 0.5, [frame.along]: frame.rows - 0.5 };
  for (const axis of [frame.across, frame.along]) {
    held[axis] = Math.min(most[axis] ?? 0, Math.max(-0.5, held[axis]));
  }
  return ijk(...held);
}

/** Its figures in words. Not `isMeasured`: nobody knows how large a voxel is, so lengths and areas are in voxels. */
export function textOf(measurement: Measurement, isMeasured = true): string {
  const length = isMeasured ? 'mm' : 'voxels';
  switch (measurement.kind) {
    case 'length':
      return `${measurement.length_mm.toFixed(1)} ${length}`;
    case 'bidirectional':
      return `${measurement.long_mm.toFixed(1)} × ${measurement.short_mm.toFixed(1)} ${length}`;
    case 'angle':
      return `${measurement.angle_deg.toFixed(1)}°`;
    case 'ellipse':
      return `${measurement.area_mm2.toFixed(measurement.area_mm2 < 100 ? 1 : 0)} ${isMeasured ? 'mm²' : 'voxels'}`;
  }
}

/** Where the short axis crosses the long one (0 to 1 along it) and how far it reaches to both sides, in mm. */
function reachOf(
  sheet: Sheet,
  { long, short }: Bidirectional,
): { readonly share: number; readonly sides: [number, number] } {
  const [a, b] = [flatOf(sheet, long[0]), flatOf(sheet, long[1])];
  const across = perpendicular(a, b);
  const ends = short.map((point) => flatOf(sheet, point)) as [Flat, Flat];
  const foot = footOf(a, b, ends[0]);
  const length = distance(a, b);
  const along = length === 0 ? 0.5 : distance(a, foot) / length;
  const side = (point: Flat) => (point.x - foot.x) * across.x + (point.y - foot.y) * across.y;
  return { share: along, sides: [side(ends[0]), side(ends[1])] };
}

function bidirectional(
  place: Place,
  sheet: Sheet,
  a: Flat,
  b: Flat,
  foot: Flat,
  sides: readonly [number, number],
): Measurement {
  const across = perpendicular(a, b);
  const end = (side: number) => indexOf(sheet, { x: foot.x + across.x * side, y: foot.y + across.y * side });
  const long = [indexOf(sheet, a), indexOf(sheet, b)] as const;
  const short = [end(sides[0]), end(sides[1])] as const;
  return { ...place, kind: 'bidirectional', long, short, ...lengthsOf(sheet.frame, [long, short]) };
}

function lengthsOf(frame: PlaneFrame, [long, short]: readonly [readonly [Ijk, Ijk], readonly [Ijk, Ijk]]) {
  return { long_mm: apart(frame, ...long), short_mm: apart(frame, ...short) };
}

function angle(
  { id, label, plane, slice, tilt }: Place,
  frame: PlaneFrame,
  points: readonly [Ijk, Ijk, Ijk],
): Angle {
  const sheet = { frame, tilt, slice, through: points[1] };
  const [u, v] = [flatOf(sheet, points[0]), flatOf(sheet, points[2])];
  const turn = Math.atan2(u.x * v.y - u.y * v.x, u.x * v.x + u.y * v.y);
  const angle_deg = (Math.abs(turn) * 180) / Math.PI;
  return { id, label, plane, slice, tilt, kind: 'angle', points, angle_deg };
}

function distance(a: Flat, b: Flat): number {
  return Math.hypot(a.x - b.x, a.y - b.y);
}

/** Unit vector at a right angle to a-b; any where the two are one point. */
function perpendicular(a: Flat, b: Flat): Flat {
  const length = distance(a, b);
  return length === 0 ? { x: 0, y: 1 } : { x: -(b.y - a.y) / length, y: (b.x - a.x) / length };
}

/** The point of the segment a-b nearest to a point. */
function footOf(a: Flat, b: Flat, point: Flat): Flat {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const squared = dx ** 2 + dy ** 2;
  const share = squared === 0 ? 0 : ((point.x - a.x) * dx + (point.y - a.y) * dy) / squared;
  const kept = Math.min(1, Math.max(0, share));
  return { x: a.x + dx * kept, y: a.y + dy * kept };
}

function lerp(a: number, b: number, share: number): number {
  return a + (b - a) * share;
}
