/** What is asked for of a scan, where it is less than all: where its middle is, and how a plane shows it. */
import { type Box, type Ijk, ijk, lastOf, nearestVoxel, type Triple } from '../../voxels';
import type { ScreenPoint } from '../planeFrame';

/** Where a case opens: the middle of what is asked for, or of the scan. */
export function middleOf(shape: Triple, bounds: Box | null): Ijk {
  const { low, size } = bounds ?? { low: [0, 0, 0] as const, size: shape };
  const [i, j, k] = low.map((first, axis) => first + ((size[axis] as number) - 1) / 2) as [
    number,
    number,
    number,
  ];
  return nearestVoxel(shape, ijk(i, j, k));
}

/** Paths in the pane: what is dimmed, and the sides at which the asked part is cut out of the scan. */
export interface BoundsMark {
  readonly dim: string;
  readonly sides: string;
  /** Of what the plane shows, nothing is asked for. */
  readonly isBeyond: boolean;
}

export interface BoundedPane {
  readonly width: number;
  readonly height: number;
  /** The point of the plane under a pixel, in voxels; straight or turned, it is affine. */
  indexAt(point: ScreenPoint): Ijk;
}

/** A side of the part at which the scan goes on: `distance` is above 0 inside. */
interface Face {
  distance(index: Ijk): number;
}

/** A corner of what is left of the pane, and the face that the edge from it to the next corner lies on. */
interface Corner {
  readonly at: ScreenPoint;
  readonly face: Face | null;
}

/** What of the pane lies in the part, whichever way the plane is turned. */
export function boundsOn(pane: BoundedPane, bounds: Box, shape: Triple): BoundsMark {
  const { width, height } = pane;
  const all = `M0 0H${width}V${height}H0Z`;
  let corners: readonly Corner[] = [
    { at: { x: 0, y: 0 }, face: null },
    { at: { x: width, y: 0 }, face: null },
    { at: { x: width, y: height }, face: null },
    { at: { x: 0, y: height }, face: null },
  ];
  for (const face of facesOf(bounds, shape)) corners = cut(corners, face, pane);
  if (corners.length === 0) return { dim: all, sides: '', isBeyond: true };
  const path = corners.map(({ at }) => wordsOf(at));
  const isCut = corners.some(({ face }) => face !== null);
  const sides = corners.map(({ face }, n) =>
    face === null ? '' : `M${path[n]}L${path[(n + 1) % path.length]}`,
  );
  return { dim: isCut ? `${all}M${path.join('L')}Z` : '', sides: sides.join(''), isBeyond: false };
}

/** Voxels are as wide as their spacing: the part ends half a voxel beyond the middle of its last one. */
function facesOf(bounds: Box, shape: Triple): readonly Face[] {
  const last = lastOf(bounds);
  return ([0, 1, 2] as const).flatMap((axis) => {
    const [low, high] = [bounds.low[axis], last[axis]];
    return [
      ...(low > 0 ? [{ distance: (index: Ijk) => index[axis] - (low - 0.5) }] : []),
      ...(high < shape[axis] - 1 ? [{ distance: (index: Ijk) => high + 0.5 - index[axis] }] : []),
    ];
  });
}

/** Sutherland and Hodgman 1974 (doi:10.1145/360767.360802): what of a convex outline lies before a face. */
function cut(corners: readonly Corner[], face: Face, pane: BoundedPane): readonly Corner[] {
  const distances = corners.map(({ at }) => face.distance(pane.indexAt(at)));
  return corners.flatMap((corner, n) => {
    const next = (n + 1) % corners.length;
    const [from, to] = [distances[n] as number, distances[next] as number];
    const crossing = (): ScreenPoint => between(corner.at, (corners[next] as Corner).at, from / (from - to));
    if (from >= 0) return to >= 0 ? [corner] : [corner, { at: crossing(), face }];
    return to >= 0 ? [{ at: crossing(), face: corner.face }] : [];
  });
}

function between(a: ScreenPoint, b: ScreenPoint, share: number): ScreenPoint {
  return { x: a.x + (b.x - a.x) * share, y: a.y + (b.y - a.y) * share };
}

function wordsOf({ x, y }: ScreenPoint): string {
  return `${x.toFixed(1)} ${y.toFixed(1)}`;
}
