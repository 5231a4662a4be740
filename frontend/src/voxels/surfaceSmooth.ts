/** Smoothing, triangles, normals and volume of a closed mesh of quads. */
import type { QuadMesh } from './surfaceMesh';

/**
 * Taubin's two steps, one that smooths and one that swells by a little more (Taubin, A signal processing approach
 * to fair surface design, SIGGRAPH 1995): stairs of voxels go, the volume stays.
 */
const SMOOTH = 0.5;
const SWELL = -0.53;

/** Moves vertices towards, then away from, the mean of their neighbours, so many times. In place. */
export function smooth({ positions, quads }: QuadMesh, passes: number): void {
  if (passes === 0) return;
  const neighbours = neighboursOf(positions.length / 3, quads);
  const moved = new Float32Array(positions.length);
  for (let pass = 0; pass < passes; pass++) {
    relax(positions, moved, neighbours, SMOOTH);
    relax(moved, positions, neighbours, SWELL);
  }
}

interface Neighbours {
  /** Where the neighbours of each vertex start in `others`; one more at the end. */
  readonly starts: Uint32Array;
  readonly others: Uint32Array;
}

/** Each edge of a closed mesh runs once either way, so the next corner of every quad names each neighbour once. */
function neighboursOf(vertices: number, quads: Uint32Array): Neighbours {
  const starts = new Uint32Array(vertices + 1);
  for (const vertex of quads) starts[vertex + 1] += 1;
  for (let vertex = 0; vertex < vertices; vertex++) starts[vertex + 1] += starts[vertex];
  const free = starts.slice();
  const others = new Uint32Array(quads.length);
  for (let corner = 0; corner < quads.length; corner++) {
    const next = (corner & 3) === 3 ? corner - 3 : corner + 1;
    others[free[quads[corner]]++] = quads[next];
  }
  return { starts, others };
}

function relax(from: Float32Array, to: Float32Array, { starts, others }: Neighbours, by: number): void {
  for (let vertex = 0; vertex < starts.length - 1; vertex++) {
    let [x, y, z] = [0, 0, 0];
    const end = starts[vertex + 1];
    for (let n = starts[vertex]; n < end; n++) {
      const p = 3 * others[n];
      x += from[p];
      y += from[p + 1];
      z += from[p + 2];
    }
    const weight = by / (end - starts[vertex]);
    const p = 3 * vertex;
    to[p] = (1 - by) * from[p] + weight * x;
    to[p + 1] = (1 - by) * from[p + 1] + weight * y;
    to[p + 2] = (1 - by) * from[p + 2] + weight * z;
  }
}

/** Two triangles per quad, cut along its shorter diagonal. */
export function trianglesOf({ positions, quads }: QuadMesh): Uint32Array {
  const triangles = new Uint32Array((quads.length / 4) * 6);
  for (let quad = 0, t = 0; quad < quads.length; quad += 4, t += 6) {
    const [a, b, c, d] = [quads[quad], quads[quad + 1], quads[quad + 2], quads[quad + 3]];
    const first = squaredDistance(positions, a, c) <= squaredDistance(positions, b, d);
    triangles[t] = a;
    triangles[t + 1] = b;
    triangles[t + 2] = first ? c : d;
    triangles[t + 3] = first ? a : b;
    triangles[t + 4] = c;
    triangles[t + 5] = d;
  }
  return triangles;
}

function squaredDistance(positions: Float32Array, a: number, b: number): number {
  const x = positions[3 * a] - positions[3 * b];
  const y = positions[3 * a + 1] - positions[3 * b + 1];
  const z = positions[3 * a + 2] - positions[3 * b + 2];
  return x * x + y * y + z * z;
}

/**
 * Moves the surface along its normals until it encloses a volume, but nowhere farther than `most`. In place; returns
 * the normals. Parts one or two voxels thin lose much of their thickness to the vertices' means and to smoothing.
 */
export function inflateTo(
  volume: number,
  positions: Float32Array,
  triangles: Uint32Array,
  most: number,
): Float32Array {
  let normals = normalsOf(positions, triangles);
  let left = most;
  for (let round = 0; round < 3; round++) {
    const { enclosed, area } = measure(positions, triangles);
    const wanted = area > 0 ? (volume - enclosed) / area : 0;
    const by = Math.max(-left, Math.min(left, wanted));
    for (let p = 0; p < positions.length; p++) positions[p] += by * normals[p];
    normals = normalsOf(positions, triangles);
    left -= Math.abs(by);
  }
  return normals;
}

function measure(positions: Float32Array, triangles: Uint32Array): { enclosed: number; area: number } {
  let [enclosed, area] = [0, 0];
  for (let t = 0; t < triangles.length; t += 3) {
    const a = 3 * triangles[t];
    const b = 3 * triangles[t + 1];
    const c = 3 * triangles[t + 2];
    const [ux, uy, uz] = [
      positions[b] - positions[a],
      positions[b + 1] - positions[a + 1],
      positions[b + 2] - positions[a + 2],
    ];
    const [vx, vy, vz] = [
      positions[c] - positions[a],
      positions[c + 1] - positions[a + 1],
      positions[c + 2] - positions[a + 2],
    ];
    const [nx, ny, nz] = [uy * vz - uz * vy, uz * vx - ux * vz, ux * vy - uy * vx];
    enclosed += (positions[a] * nx + positions[a + 1] * ny + positions[a + 2] * nz) / 6;
    area += Math.sqrt(nx * nx + ny * ny + nz * nz) / 2;
  }
  return { enclosed, area };
}

/** Unit normals of the vertices: the mean of their triangles by area. */
function normalsOf(positions: Float32Array, triangles: Uint32Array): Float32Array {
  const normals = new Float32Array(positions.length);
  for (let t = 0; t < triangles.length; t += 3) addNormal(positions, normals, triangles, t);
  for (let p = 0; p < normals.length; p += 3) {
    const length = Math.sqrt(normals[p] ** 2 + normals[p + 1] ** 2 + normals[p + 2] ** 2) || 1;
    for (let axis = 0; axis < 3; axis++) normals[p + axis] /= length;
  }
  return normals;
}

/** Adds the cross product of two sides, which is as long as the triangle is large, to its three vertices. */
function addNormal(positions: Float32Array, normals: Float32Array, triangles: Uint32Array, t: number): void {
  const a = 3 * triangles[t];
  const b = 3 * triangles[t + 1];
  const c = 3 * triangles[t + 2];
  const ux = positions[b] - positions[a];
  const uy = positions[b + 1] - positions[a + 1];
  const uz = positions[b + 2] - positions[a + 2];
  const vx = positions[c] - positions[a];
  const vy = positions[c + 1] - positions[a + 1];
  const vz = positions[c + 2] - positions[a + 2];
  for (let corner = 0; corner < 3; corner++) {
    const p = 3 * triangles[t + corner];
    normals[p] += uy * vz - uz * vy;
    normals[p + 1] += uz * vx - ux * vz;
    normals[p + 2] += ux * vy - uy * vx;
  }
}
