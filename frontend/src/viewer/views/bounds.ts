/** What is asked for of a scan, where it is less than all: where its middle is, and how a plane shows it. */
import { type Box, type Ijk, ijk, lastOf, nearestVoxel, type Triple } from '../../voxels';
import type { PlaneFrame, ScreenPoint } from '../planeFrame';

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
  /** The plane shows a slice of which nothing is asked for. */
  readonly isBeyond: boolean;
}

export const NO_MARK: BoundsMark = { dim: '', sides: '', isBeyond: false };

export interface BoundedPane {
  readonly frame: PlaneFrame;
  readonly width: number;
  readonly height: number;
  readonly slice: number;
  screenOf(index: Ijk): ScreenPoint;
}

export function boundsOn(pane: BoundedPane, bounds: Box, shape: Triple): BoundsMark {
  const { normal, across, along } = pane.frame;
  const last = lastOf(bounds);
  const all = `M0 0H${pane.width}V${pane.height}H0Z`;
  if (pane.slice < bounds.low[normal] || pane.slice > last[normal]) {
    return { dim: all, sides: '', isBeyond: true };
  }
  // Voxels are as wide as their spacing: the part ends half a voxel beyond the middle of its last one.
  const at = (column: number, row: number): string => {
    const index: [number, number, number] = [0, 0, 0];
    index[normal] = pane.slice;
    index[across] = column;
    index[along] = row;
    const { x, y } = pane.screenOf(ijk(...index));
    return `${x.toFixed(1)} ${y.toFixed(1)}`;
  };
  const [left, right] = [bounds.low[across] - 0.5, last[across] + 0.5];
  const [top, bottom] = [bounds.low[along] - 0.5, last[along] + 0.5];
  const corners = [at(left, top), at(right, top), at(right, bottom), at(left, bottom)] as const;
  const isCut = [
    bounds.low[along] > 0,
    last[across] < shape[across] - 1,
    last[along] < shape[along] - 1,
    bounds.low[across] > 0,
  ];
  const sides = corners.map((corner, n) => (isCut[n] ? `M${corner}L${corners[(n + 1) % 4]}` : '')).join('');
  return { dim: sides === '' ? '' : `${all}M${corners.join('L')}Z`, sides, isBeyond: false };
}
