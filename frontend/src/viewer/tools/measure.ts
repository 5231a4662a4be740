/** Lengths in a plane, in millimetres: how they are made, hit and changed. Pure: screen and pointer are elsewhere. */
import { type Ijk, ijk, type Plane, type Triple } from '../../voxels';
import { type PlaneFrame, planeFrame } from '../planeFrame';
import type { Measurement } from './port';

export type MeasurementKind = Measurement['kind'];

/** One end that can be dragged: of the line (or the long axis), or of the short axis. */
export type End = 0 | 1 | 2 | 3;

/** The short axis of a new bidirectional measurement, as a share of the long one. */
const START_SHORT = 0.5;

/** A point in the plane, in millimetres along its two axes. */
interface Flat {
  readonly x: number;
  readonly y: number;
}

export function measurementBetween(
  kind: MeasurementKind,
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

/** The measurement after one of its ends was dragged to a place. */
export function withEnd(measurement: Measurement, frame: PlaneFrame, end: End, to: Ijk): Measurement {
  if (measurement.kind === 'length') {
    const ends: readonly [Ijk, Ijk] = end === 0 ? [to, measurement.ends[1]] : [measurement.ends[0], to];
    return { ...measurement, ends, length_mm: lengthOf(frame, ends) };
  }
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
  if (measurement.kind === 'length') {
    return [
      [0, measurement.ends[0]],
      [1, measurement.ends[1]],
    ];
  }
  const { long, short } = measurement;
  return [
    [0, long[0]],
    [1, long[1]],
    [2, short[0]],
    [3, short[1]],
  ];
}

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
  { id, label, kind, plane, points: [a, b, c, d] }: KeptMeasurement,
  shape: Triple,
  spacing_mm: Triple,
): Measurement | null {
  if (a === undefined || b === undefined) return null;
  const frame = planeFrame(plane, shape, spacing_mm);
  const place = { id, label, plane, slice: Math.round(a[frame.normal]) };
  if (kind === 'length') return { ...place, kind, ends: [a, b], length_mm: lengthOf(frame, [a, b]) };
  if (c === undefined || d === undefined) return null;
  const [long_mm, short_mm] = [lengthOf(frame, [a, b]), lengthOf(frame, [c, d])];
  return { ...place, kind, long: [a, b], short: [c, d], long_mm, short_mm };
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
  return `${measurement.long_mm.toFixed(1)} × ${measurement.short_mm.toFixed(1)} mm`;
}

/** Where the short axis crosses the long one (0 to 1 along it) and how far it reaches to both sides, in mm. */
function reachOf(
  frame: PlaneFrame,
  { long, short }: Extract<Measurement, { kind: 'bidirectional' }>,
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
  place: Pick<Measurement, 'id' | 'label' | 'plane' | 'slice'>,
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
