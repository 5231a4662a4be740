/** Balls in millimetres on a grid of voxels that need not be cubes. */
import type { Triple } from '../../geometry';

/** A box of voxels and how far apart they are; arrays over it run i fastest, then j, then k. */
export interface Grid {
  readonly size: Triple;
  readonly spacing_mm: Triple;
}

/**
 * A voxel whose centre lies on the surface of a ball belongs to it. Three steps of 0.7 mm are not quite 2.1 mm to
 * a computer, so the surface is as thick as squared distances in single precision are uncertain.
 */
const SURFACE = 1 + 1e-6;

/** Squared distance up to which a voxel belongs to a ball. */
export function squaredReach(radius_mm: number): number {
  return radius_mm * radius_mm * SURFACE;
}

/** How many voxels a ball reaches to each side, axis by axis. */
export function reachInVoxels(radius_mm: number, spacing_mm: Triple): Triple {
  const reach = Math.sqrt(squaredReach(radius_mm));
  const along = (axis: 0 | 1 | 2) => Math.floor(reach / spacing_mm[axis]);
  return [along(0), along(1), along(2)];
}

/** One row of a ball: the voxels i - half … i + half, dj rows and dk slices from its centre. */
export interface BallRow {
  readonly dj: number;
  readonly dk: number;
  readonly half: number;
}

/** A ball as rows, the shortest first. */
export function ballRows(radius_mm: number, spacing_mm: Triple): BallRow[] {
  const [, rj, rk] = reachInVoxels(radius_mm, spacing_mm);
  const [si, sj, sk] = spacing_mm;
  const rows: BallRow[] = [];
  for (let dk = -rk; dk <= rk; dk += 1) {
    for (let dj = -rj; dj <= rj; dj += 1) {
      const left = squaredReach(radius_mm) - (dj * sj) ** 2 - (dk * sk) ** 2;
      if (left >= 0) rows.push({ dj, dk, half: Math.floor(Math.sqrt(left) / si) });
    }
  }
  return rows.sort((a, b) => a.half - b.half);
}

export function ballVoxels(rows: readonly BallRow[]): number {
  return rows.reduce((voxels, row) => voxels + 2 * row.half + 1, 0);
}

/** The nearest index of so many. */
export function clamp(index: number, count: number): number {
  if (index < 0) return 0;
  return index < count ? index : count - 1;
}
