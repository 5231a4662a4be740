/**
 * Surfaces of structures for the 3-D view.
 *
 * Surface nets (Gibson, Constrained elastic surface nets, MICCAI 1998) rather than marching cubes: one vertex per
 * cell gives half the vertices, triangles of even shape and no stairs finer than a voxel, so a few smoothing passes
 * suffice. At the end it is moved along its normals until it encloses what its voxels do. Cells that the surface passes several times get several vertices, so it is closed and never touches
 * itself: every edge belongs to two triangles.
 */
import type { Box } from './box';
import { type Geometry, ijk, indexToLps, type Triple } from './geometry';
import { OperationRefused } from './operations/operation';
import { blockStep, surfaceField } from './surfaceField';
import { type QuadMesh, quadMesh } from './surfaceMesh';
import { inflateTo, smooth, trianglesOf } from './surfaceSmooth';

export interface SurfaceOptions {
  /** Smoothing passes: 0 for none, 20 to hide the stairs of thick slices. */
  readonly smoothing: number;
  /** A structure whose box has more voxels than this is drawn in blocks of several voxels. */
  readonly most_voxels: number;
}

export const SURFACE_OPTIONS: SurfaceOptions = { smoothing: 20, most_voxels: 4e6 };

export interface Surface {
  /** Three coordinates per vertex in mm: index times spacing, along the axes of the scan's array. */
  readonly positions: Float32Array;
  /** Unit vectors, outward. */
  readonly normals: Float32Array;
  /** Three vertices per triangle, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
  /** Voxels of a block along each axis; 1 for full detail. */
  readonly step: Triple;
}

/**
 * The surface of the voxels that hold `value` in a box cut out of a layer, i fastest. It is closed where the box
 * ends. A structure without a voxel gives a surface without a triangle.
 */
export function surfaceOf(
  labels: Uint8Array,
  box: Box,
  value: number,
  spacing_mm: Triple,
  options: SurfaceOptions = SURFACE_OPTIONS,
): Surface {
  if (labels.length !== box.size[0] * box.size[1] * box.size[2]) {
    throw new OperationRefused('The surface needs every voxel of its box; load the mask again.');
  }
  const step = blockStep(box, spacing_mm, options.most_voxels);
  const field = surfaceField(labels, box, value, step);
  const mesh = quadMesh(field);
  smooth(mesh, options.smoothing);
  toMillimetres(mesh, box, step, spacing_mm);
  const triangles = trianglesOf(mesh);
  const [si, sj, sk] = spacing_mm;
  const volume = field.voxels * si * sj * sk;
  const half = Math.min(...step.map((voxels, axis) => voxels * spacing_mm[axis])) / 2;
  const normals = inflateTo(volume, mesh.positions, triangles, half);
  return { positions: mesh.positions, normals, triangles, step };
}

/** The surface in patient millimetres. */
export function surfaceInLps(surface: Surface, geometry: Geometry): Surface {
  const origin = indexToLps(geometry, ijk(0, 0, 0));
  const d = geometry.direction;
  const turn = (from: Float32Array, offset: Triple) => {
    const to = new Float32Array(from.length);
    for (let p = 0; p < from.length; p += 3) {
      for (let row = 0; row < 3; row++) {
        to[p + row] = offset[row] + d[row][0] * from[p] + d[row][1] * from[p + 1] + d[row][2] * from[p + 2];
      }
    }
    return to;
  };
  const triangles = isMirrored(geometry) ? reversed(surface.triangles) : surface.triangles;
  return {
    ...surface,
    positions: turn(surface.positions, origin),
    normals: turn(surface.normals, [0, 0, 0]),
    triangles,
  };
}

/** The field has one empty block before the first. */
function toMillimetres({ positions }: QuadMesh, { low }: Box, step: Triple, spacing_mm: Triple): void {
  for (let axis = 0; axis < 3; axis++) {
    const start = low[axis] + (step[axis] - 1) / 2 - step[axis];
    for (let p = axis; p < positions.length; p += 3) {
      positions[p] = (start + positions[p] * step[axis]) * spacing_mm[axis];
    }
  }
}

function isMirrored({ direction: [a, b, c] }: Geometry): boolean {
  const across = [b[1] * c[2] - b[2] * c[1], b[2] * c[0] - b[0] * c[2], b[0] * c[1] - b[1] * c[0]];
  return a[0] * across[0] + a[1] * across[1] + a[2] * across[2] < 0;
}

function reversed(triangles: Uint32Array): Uint32Array {
  const turned = triangles.slice();
  for (let t = 0; t < turned.length; t += 3) [turned[t + 1], turned[t + 2]] = [turned[t + 2], turned[t + 1]];
  return turned;
}
