/** Lines of the 3-D view, as pairs of points in millimetres: index times spacing, as surfaces have them. */
import { type Box, lastOf, type Triple } from '../../voxels';

export function crossLines([x, y, z]: Triple, [sx, sy, sz]: Triple): Float32Array {
  return Float32Array.of(0, y, z, sx, y, z, x, 0, z, x, sy, z, x, y, 0, x, y, sz);
}

/** The twelve edges of a box between two of its corners. */
export function boxLines(low: Triple, high: Triple): Float32Array {
  const ends = [low, high];
  const lines: number[] = [];
  for (const [x] of ends) {
    for (const [, y] of ends) lines.push(x, y, low[2], x, y, high[2]);
  }
  for (const [x] of ends) {
    for (const [, , z] of ends) lines.push(x, low[1], z, x, high[1], z);
  }
  for (const [, y] of ends) {
    for (const [, , z] of ends) lines.push(low[0], y, z, high[0], y, z);
  }
  return Float32Array.from(lines);
}

/** The edges of a part of the scan: half a voxel beyond the middle of its first and last ones. */
export function partLines(part: Box, spacing_mm: Triple): Float32Array {
  const last = lastOf(part);
  const corner = (index: Triple, by: number): Triple => [
    (index[0] + by) * spacing_mm[0],
    (index[1] + by) * spacing_mm[1],
    (index[2] + by) * spacing_mm[2],
  ];
  return boxLines(corner(part.low, -0.5), corner(last, 0.5));
}
