/** Lengths and angles in a plane: how they are made, hit and changed. Pure: screen and pointer are elsewhere. */
import { type Ijk, ijk, type Plane, type Triple } from '../../voxels';
import { type PlaneFrame, planeFrame, type ScreenPoint } from '../planeFrame';
import type { ToolPane } from './host';
import type { Measurement } from './port';

export type MeasurementKind = Measurement['kind'];
/** Drawn in one drag. */
export type LineKind = Exclude<MeasurementKind, 'angle'>;
export type Angle = Extract<Measurement, { kind: 'angle' }>;

/** One point that can be dragged: of the line (or the long axis), of the short axis, or of an angle. */
export type End = 0 | 1 | 2 | 3;

type Place = Pick<Measurement, 'id' | 'label' | 'plane' | 'slice'>;

/** The short axis of a new bidirectional measurement, as a share of the long one. */
const START_SHORT = 0.5;

/** A point in the plane, in millimetres along its two axes. */
interface Flat {
  readonly x: number;
  readonly y: number;
}

export function measurementBetween(
  kind: LineKind,
  id: number,
  frame: PlaneFrame,
  slice: number,
  ends: readonly [Ijk, Ijk],
): Measurement {
  const place = { id, label: '', plane: frame.plane, slice };
  if (kind === 'length') return { ...place, kind, ends, length_mm: lengthOf(frame, ends) };
  const [a, b] = [flat(frame, ends[0]), flat(frame, ends[1])];
  const half = (distance(a, b) * START_SHORT) / 2;
  const middle = { x: (a.x + b.x) / 2, y: (a.y + b.y) / 2 };
  return bidirectional(place, frame, a, b, middle, [-half, half], ends[0]);
}

/** The angle at the second of three points of a slice. */
export function angleAt(
  id: number,
  frame: PlaneFrame,
  slice: number,
  points: readonly [Ijk, Ijk, Ijk],
): Angle {
  return angle({ id, label: '', plane: frame.plane, slice }, frame, points);
}

/** The measurement after one of its ends was dragged to a place. */
export function withEnd(measurement: Measurement, frame: PlaneFrame, end: End, to: Ijk): Measurement {
  if (measurement.kind === 'length') {
    const ends: readonly [Ijk, Ijk] = end === 0 ? [to, measurement.ends[1]] : [measurement.ends[0], to];
    return { ...measurement, ends, length_mm: lengthOf(frame, ends) };
  }
  if (measurement.kind === 'angle') {
    const [a, vertex, b] = measurement.points.map((point, n) => (n === end ? to : point));
    return angle(measurement, frame, [a, vertex, b] as Angle['points']);
  }
  return withAxisEnd(measurement, frame, end, to);
}

function withAxisEnd(measurement: Bidirectional, frame: PlaneFrame, end: End, to: Ijk): Measurement {
  const { id, label, plane, slice } = measurement;
  const place = { id, label, plane, slice };
  const [a, b] = measurement.long.map((point) => flat(frame, point)) as [Flat, Flat];
  const reach = reachOf(frame, measurement);
  if (end < 2) {
    const moved = flat(frame, to);
    const [from, until] = end === 0 ? [moved, b] : [a, moved];
    const foot = { x: lerp(from.x, until.x, reach.share), y: lerp(from.y, until.y, reach.share) };
    return bidirectional(place, frame, from, until, foot, reach.sides, to);
  }
  const across = perpendicular(a, b);
  const at = flat(frame, to);
  const foot = footOf(a, b, at);
  const side = (at.x - foot.x) * across.x + (at.y - foot.y) * across.y;
  const sides: [number, number] = end === 2 ? [side, reach.sides[1]] : [reach.sides[0], side];
  return bidirectional(place, frame, a, b, foot, sides, to);
}

/** Every end of a measurement with its number. */
export function endsOf(measurement: Measurement): readonly (readonly [End, Ijk])[] {
  return linesOf(measurement)
    .flatMap((line, n) => (n > 0 && measurement.kind === 'angle' ? line.slice(1) : line))
    .map((point, n) => [n as End, point]);
}

/** What is drawn of a measurement; its words stand at the second point of the first line. */
export function linesOf(measurement: Measurement): readonly (readonly [Ijk, Ijk])[] {
  switch (measurement.kind) {
    case 'length':
      return [measurement.ends];
    case 'bidirectional':
      return [measurement.long, measurement.short];
    case 'angle': {
      const [a, vertex, b] = measurement.points;
      return [
        [a, vertex],
        [vertex, b],
      ];
    }
  }
}

type Bidirectional = Extract<Measurement, { kind: 'bidirectional' }>;

/** What is kept of a measurement: its ends in the order of `endsOf`. */
export interface KeptMeasurement {
  readonly id: number;
  readonly label: string;
  readonly kind: MeasurementKind;
  readonly plane: Plane;
  readonly points: readonly Ijk[];
}

/** The measurement that was kept; null where points are missing. */
export function measurementOf(
  { id, label, kind, plane, points }: KeptMeasurement,
  shape: Triple,
  spacing_mm: Triple,
): Measurement | null {
  const [a, b, c] = points;
  if (a === undefined || b === undefined) return null;
  const frame = planeFrame(plane, shape, spacing_mm);
  const place = { id, label, plane, slice: Math.round(a[frame.normal]) };
  if (kind === 'length') return { ...place, kind, ends: [a, b], length_mm: lengthOf(frame, [a, b]) };
  if (c === undefined) return null;
  return kind === 'angle' ? angle(place, frame, [a, b, c]) : axesOf(place, frame, points);
}

function axesOf(place: Place, frame: PlaneFrame, [a, b, c, d]: readonly Ijk[]): Measurement | null {
  if (a === undefined || b === undefined || c === undefined || d === undefined) return null;
  const [long_mm, short_mm] = [lengthOf(frame, [a, b]), lengthOf(frame, [c, d])];
  return { ...place, kind: 'bidirectional', long: [a, b], short: [c, d], long_mm, short_mm };
}

/** The point of the slice under a point of the pane, held on the scan. */
export function pointOn(pane: ToolPane, point: ScreenPoint): Ijk {
  return heldOnScan(pane.frame, pane.indexAt(point));
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

export function textOf(measurement: Measurement): string {
  if (measurement.kind === 'length') return `${measurement.length_mm.toFixed(1)} mm`;
  if (measurement.kind === 'angle') return `${measurement.angle_deg.toFixed(1)}°`;
  return `${measurement.long_mm.toFixed(1)} × ${measurement.short_mm.toFixed(1)} mm`;
}

/** Where the short axis crosses the long one (0 to 1 along it) and how far it reaches to both sides, in mm. */
function reachOf(
  frame: PlaneFrame,
  { long, short }: Bidirectional,
): { readonly share: number; readonly sides: [number, number] } {
  const [a, b] = [flat(frame, long[0]), flat(frame, long[1])];
  const across = perpendicular(a, b);
  const ends = short.map((point) => flat(frame, point)) as [Flat, Flat];
  const foot = footOf(a, b, ends[0]);
  const length = distance(a, b);
  const along = length === 0 ? 0.5 : distance(a, foot) / length;
  const side = (point: Flat) => (point.x - foot.x) * across.x + (point.y - foot.y) * across.y;
  return { share: along, sides: [side(ends[0]), side(ends[1])] };
}

function bidirectional(
  place: Place,
  frame: PlaneFrame,
  a: Flat,
  b: Flat,
  foot: Flat,
  sides: readonly [number, number],
  near: Ijk,
): Measurement {
  const across = perpendicular(a, b);
  const end = (side: number) =>
    toIndex(frame, { x: foot.x + across.x * side, y: foot.y + across.y * side }, near);
  return {
    ...place,
    kind: 'bidirectional',
    long: [toIndex(frame, a, near), toIndex(frame, b, near)],
    short: [end(sides[0]), end(sides[1])],
    long_mm: distance(a, b),
    short_mm: Math.abs(sides[1] - sides[0]),
  };
}

function angle(
  { id, label, plane, slice }: Place,
  frame: PlaneFrame,
  points: readonly [Ijk, Ijk, Ijk],
): Angle {
  const [a, vertex, b] = points.map((point) => flat(frame, point)) as [Flat, Flat, Flat];
  const [ux, uy] = [a.x - vertex.x, a.y - vertex.y];
  const [vx, vy] = [b.x - vertex.x, b.y - vertex.y];
  const turn = Math.atan2(ux * vy - uy * vx, ux * vx + uy * vy);
  return { id, label, plane, slice, kind: 'angle', points, angle_deg: (Math.abs(turn) * 180) / Math.PI };
}

function lengthOf(frame: PlaneFrame, [a, b]: readonly [Ijk, Ijk]): number {
  return distance(flat(frame, a), flat(frame, b));
}

function flat(frame: PlaneFrame, index: Ijk): Flat {
  return {
    x: index[frame.across] * frame.spacing_mm[frame.across],
    y: index[frame.along] * frame.spacing_mm[frame.along],
  };
}

function toIndex(frame: PlaneFrame, point: Flat, near: Ijk): Ijk {
  const index: [number, number, number] = [near[0], near[1], near[2]];
  index[frame.across] = point.x / frame.spacing_mm[frame.across];
  index[frame.along] = point.y / frame.spacing_mm[frame.along];
  return ijk(...index);
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
