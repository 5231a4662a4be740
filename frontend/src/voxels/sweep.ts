/**
 * The voxels within a distance of a line segment: a brush swept from one pointer event to the next.
 *
 * The set is convex, so each row of voxels holds one span of it; spans are found by formula, not by testing
 * every voxel of a box. All work is in millimetres along the array's axes, hence anisotropic voxels come out right.
 */
import type { Ijk, Plane, Triple } from './geometry';

export interface Stamp {
  readonly from: Ijk;
  readonly to: Ijk;
  readonly radius_mm: number;
  /** The plane a disc lies in, in the slice of `to`; null for a sphere. */
  readonly plane: Plane | null;
}

/** A span of voxels: `count` positions in slice k from `start` in steps of `stride`. */
export type OnSpan = (k: number, start: number, count: number, stride: number) => void;

type Axes = readonly [0 | 1 | 2, 0 | 1 | 2, 0 | 1 | 2];

/** Spans run along the first axis; a disc is one slice of the third. */
const DISC_AXES: Readonly<Record<Plane, Axes>> = {
  axial: [0, 1, 2],
  coronal: [0, 2, 1],
  sagittal: [1, 2, 0],
};
const SPHERE_AXES: Axes = [0, 1, 2];

/**
 * Calls back once for each row that the stamp touches; spans do not overlap and stay inside the shape. Yields after
 * each slice of rows, from the stamp's end outwards: what the reader looks at comes first.
 */
export function* sweep(
  shape: Triple,
  spacing_mm: Triple,
  stamp: Stamp,
  onSpan: OnSpan,
): Generator<void, void> {
  const axes = stamp.plane === null ? SPHERE_AXES : DISC_AXES[stamp.plane];
  const [u, v, w] = axes;
  const fixed = stamp.plane === null ? null : Math.round(stamp.to[w]);
  const capsule = capsuleOf(stamp, spacing_mm, axes, fixed);
  const emit = spanEmitter(shape, axes, onSpan);
  const [v0, v1] = indexRange(capsule, 1, spacing_mm[v], shape[v]);
  const [w0, w1] = indexRange(capsule, 2, spacing_mm[w], shape[w], fixed);
  for (const iw of outwards(Math.round(stamp.to[w]), w0, w1)) {
    for (let iv = v0; iv <= v1; iv++) {
      if (!capsule.row(iv * spacing_mm[v], iw * spacing_mm[w])) continue;
      const first = Math.max(0, Math.ceil(capsule.low / spacing_mm[u]));
      const last = Math.min(shape[u] - 1, Math.floor(capsule.high / spacing_mm[u]));
      if (first <= last) emit(first, iv, iw, last - first + 1);
    }
    yield;
  }
}

/** All whole numbers of a range, those near the middle first. */
function* outwards(middle: number, low: number, high: number): Generator<number, void> {
  const start = Math.min(Math.max(middle, low), high);
  for (let step = 0; step <= high - low; step++) {
    if (start + step <= high) yield start + step;
    if (step > 0 && start - step >= low) yield start - step;
  }
}

function capsuleOf(stamp: Stamp, spacing_mm: Triple, axes: Axes, fixed: number | null): Capsule {
  const inMm = (index: Ijk): Triple => {
    const [u, v, w] = axes;
    return [index[u] * spacing_mm[u], index[v] * spacing_mm[v], (fixed ?? index[w]) * spacing_mm[w]];
  };
  return new Capsule(inMm(stamp.from), inMm(stamp.to), radiusOf(stamp, spacing_mm, axes));
}

/** A brush smaller than a voxel still reaches the voxel under the pointer. */
function radiusOf(stamp: Stamp, spacing_mm: Triple, axes: Axes): number {
  const inPlane = stamp.plane === null ? axes : axes.slice(0, 2);
  const gap = inPlane.map((axis) => (stamp.to[axis] - Math.round(stamp.to[axis])) * spacing_mm[axis]);
  return Math.max(stamp.radius_mm, Math.hypot(...gap)) + 1e-9;
}

function spanEmitter([ni]: Triple, axes: Axes, onSpan: OnSpan) {
  if (axes[0] === 1) {
    return (j: number, k: number, i: number, count: number) => onSpan(k, i + ni * j, count, ni);
  }
  return axes[1] === 1
    ? (i: number, j: number, k: number, count: number) => onSpan(k, i + ni * j, count, 1)
    : (i: number, k: number, j: number, count: number) => onSpan(k, i + ni * j, count, 1);
}

/** First and last index on an axis that the capsule can reach; a disc reaches its own slice only. */
function indexRange(
  capsule: Capsule,
  axis: 1 | 2,
  spacing: number,
  length: number,
  fixed: number | null = null,
): [number, number] {
  if (fixed !== null) return fixed >= 0 && fixed < length ? [fixed, fixed] : [0, -1];
  const low = Math.min(capsule.a[axis], capsule.b[axis]) - capsule.radius;
  const high = Math.max(capsule.a[axis], capsule.b[axis]) + capsule.radius;
  return [Math.max(0, Math.ceil(low / spacing)), Math.min(length - 1, Math.floor(high / spacing))];
}

/** A shorter segment is a point: its direction would be rounding noise. */
const POINT_MM = 1e-6;

/** All points within `radius` of the segment a-b, cut into rows along the first coordinate. */
class Capsule {
  readonly a: Triple;
  readonly b: Triple;
  readonly radius: number;
  low = 0;
  high = 0;
  private readonly d: Triple;
  private readonly squaredLength: number;

  constructor(a: Triple, b: Triple, radius: number) {
    this.a = a;
    this.b = b;
    this.radius = radius;
    this.d = [b[0] - a[0], b[1] - a[1], b[2] - a[2]];
    this.squaredLength = this.d[0] ** 2 + this.d[1] ** 2 + this.d[2] ** 2;
  }

  /** Sets low and high to the ends of the row at (y, z); false where the row is empty. */
  row(y: number, z: number): boolean {
    this.low = Number.POSITIVE_INFINITY;
    this.high = Number.NEGATIVE_INFINITY;
    this.addBall(this.a, y, z);
    if (this.squaredLength > POINT_MM ** 2) {
      this.addBall(this.b, y, z);
      this.addCylinder(y - this.a[1], z - this.a[2]);
    }
    return this.low <= this.high;
  }

  private addBall(centre: Triple, y: number, z: number): void {
    const rest = this.radius ** 2 - (y - centre[1]) ** 2 - (z - centre[2]) ** 2;
    if (rest >= 0) this.extend(centre[0] - Math.sqrt(rest), centre[0] + Math.sqrt(rest));
  }

  /**
   * The part between the ends: with x measured from a, |p|^2 - (p.d)^2/|d|^2 <= r^2 is a quadratic in x, and the
   * foot of the perpendicular must lie on the segment: 0 <= p.d <= |d|^2, which is linear in x.
   */
  private addCylinder(y: number, z: number): void {
    const [dx, dy, dz] = this.d;
    const across = dy * y + dz * z;
    const span = this.insideSlab(dx, across);
    const A = 1 - dx ** 2 / this.squaredLength;
    const B = (-2 * dx * across) / this.squaredLength;
    const C = y ** 2 + z ** 2 - across ** 2 / this.squaredLength - this.radius ** 2;
    if (A < 1e-12) {
      // The segment runs along the row: the distance is the same everywhere on it.
      if (C <= 0) this.extend(this.a[0] + span[0], this.a[0] + span[1]);
      return;
    }
    const discriminant = B ** 2 - 4 * A * C;
    if (discriminant < 0) return;
    const root = Math.sqrt(discriminant);
    const low = Math.max(span[0], (-B - root) / (2 * A));
    const high = Math.min(span[1], (-B + root) / (2 * A));
    this.extend(this.a[0] + low, this.a[0] + high);
  }

  /** The x for which 0 <= dx * x + across <= |d|^2. */
  private insideSlab(dx: number, across: number): [number, number] {
    if (Math.abs(dx) < 1e-12) {
      const inside = across >= 0 && across <= this.squaredLength;
      return inside ? [Number.NEGATIVE_INFINITY, Number.POSITIVE_INFINITY] : [1, -1];
    }
    const ends = [-across / dx, (this.squaredLength - across) / dx];
    return [Math.min(ends[0], ends[1]), Math.max(ends[0], ends[1])];
  }

  private extend(low: number, high: number): void {
    if (low > high) return;
    this.low = Math.min(this.low, low);
    this.high = Math.max(this.high, high);
  }
}
