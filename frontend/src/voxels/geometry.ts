/**
 * Voxel indices and patient millimetres, and the one place that converts between them.
 *
 * Arrays are indexed (i, j, k) and are canonical: +i runs closest to the patient's left, +j to posterior,
 * +k to superior. Points are LPS millimetres (DICOM).
 */

declare const space: unique symbol;

/** Voxel index; whole numbers are voxel centres. */
export type Ijk = readonly [number, number, number] & { readonly [space]: 'ijk' };
/** Point in patient millimetres: left, posterior, superior. */
export type Lps = readonly [number, number, number] & { readonly [space]: 'lps' };

export type Triple = readonly [number, number, number];
export type Plane = 'axial' | 'sagittal' | 'coronal';

export const PLANES: readonly Plane[] = ['axial', 'sagittal', 'coronal'];

/** The array axis a plane looks along: its slices are numbered on this axis. */
export const PLANE_AXIS: Readonly<Record<Plane, 0 | 1 | 2>> = { sagittal: 0, coronal: 1, axial: 2 };

export interface Geometry {
  readonly shape: Triple;
  readonly spacing_mm: Triple;
  readonly origin_lps: Triple;
  /** Rows of the 3x3 matrix whose columns are the unit vectors of i, j and k in LPS. */
  readonly direction: readonly [Triple, Triple, Triple];
}

export function ijk(i: number, j: number, k: number): Ijk {
  return [i, j, k] as unknown as Ijk;
}

export function lps(left: number, posterior: number, superior: number): Lps {
  return [left, posterior, superior] as unknown as Lps;
}

export function indexToLps(geometry: Geometry, index: Ijk): Lps {
  const { spacing_mm: s, origin_lps: o, direction: d } = geometry;
  const mm: Triple = [index[0] * s[0], index[1] * s[1], index[2] * s[2]];
  return lps(o[0] + dot(d[0], mm), o[1] + dot(d[1], mm), o[2] + dot(d[2], mm));
}

/** Inverse of indexToLps; the direction need not be orthogonal, only invertible. */
export function lpsToIndex(geometry: Geometry, point: Lps): Ijk {
  const { spacing_mm: s, origin_lps: o, direction: d } = geometry;
  const rhs: Triple = [point[0] - o[0], point[1] - o[1], point[2] - o[2]];
  const columns = [0, 1, 2].map((c) => [d[0][c], d[1][c], d[2][c]] as unknown as Triple);
  const [ci, cj, ck] = columns as [Triple, Triple, Triple];
  const det = dot(ci, cross(cj, ck));
  if (Math.abs(det) < 1e-9) {
    throw new Error('The direction matrix of this volume is singular; import the scan again.');
  }
  return ijk(
    dot(rhs, cross(cj, ck)) / det / s[0],
    dot(rhs, cross(ck, ci)) / det / s[1],
    dot(rhs, cross(ci, cj)) / det / s[2],
  );
}

/** The voxel whose centre is nearest, kept inside the array. */
export function nearestVoxel(shape: Triple, index: Ijk): Ijk {
  const at = (axis: 0 | 1 | 2) => Math.min(shape[axis] - 1, Math.max(0, Math.round(index[axis])));
  return ijk(at(0), at(1), at(2));
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

function cross(a: Triple, b: Triple): Triple {
  return [a[1] * b[2] - a[2] * b[1], a[2] * b[0] - a[0] * b[2], a[0] * b[1] - a[1] * b[0]];
}
