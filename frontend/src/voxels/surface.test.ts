import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Box } from './box';
import type { Geometry, Triple } from './geometry';
import { type Surface, surfaceInLps, surfaceOf } from './surface';

const FINE = { smoothing: 0, most_voxels: 1e9 };

/** Signed volume by the divergence theorem: positive where the normals point outward. */
function volumeOf({ positions, triangles }: Surface): number {
  let volume = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    const [a, b, c] = [0, 1, 2].map((n) =>
      positions.subarray(3 * triangles[t + n], 3 * triangles[t + n] + 3),
    );
    volume +=
      a[0] * (b[1] * c[2] - b[2] * c[1]) +
      a[1] * (b[2] * c[0] - b[0] * c[2]) +
      a[2] * (b[0] * c[1] - b[1] * c[0]);
  }
  return volume / 6;
}

/** How often each directed edge is used. */
function edgesOf({ triangles }: Surface): Map<string, number> {
  const edges = new Map<string, number>();
  for (let t = 0; t < triangles.length; t += 3) {
    for (let n = 0; n < 3; n++) {
      const edge = `${triangles[t + n]}>${triangles[t + ((n + 1) % 3)]}`;
      edges.set(edge, (edges.get(edge) ?? 0) + 1);
    }
  }
  return edges;
}

/** Every edge runs once each way, and the triangles of each vertex form one fan. */
function expectManifold(surface: Surface): void {
  const edges = edgesOf(surface);
  for (const [edge, count] of edges) {
    const [from, to] = edge.split('>');
    if (count !== 1 || edges.get(`${to}>${from}`) !== 1)
      throw new Error(`The edge ${edge} is not shared by two.`);
  }
  const fans = fansOf(surface);
  for (let vertex = 0; vertex < surface.positions.length / 3; vertex++) {
    const fan = fans.get(vertex) as Map<number, number>;
    const [start] = fan.keys();
    let [at, length] = [fan.get(start) as number, 1];
    for (; at !== start && length < 100; length++) at = fan.get(at) as number;
    if (length !== fan.size) throw new Error(`Vertex ${vertex} joins several parts.`);
  }
}

/** For every vertex, of each of its triangles the second corner and the third. */
function fansOf({ triangles }: Surface): Map<number, Map<number, number>> {
  const fans = new Map<number, Map<number, number>>();
  for (let t = 0; t < triangles.length; t += 3) {
    for (let n = 0; n < 3; n++) {
      const fan = fans.get(triangles[t + n]) ?? new Map<number, number>();
      fans.set(triangles[t + n], fan.set(triangles[t + ((n + 1) % 3)], triangles[t + ((n + 2) % 3)]));
    }
  }
  return fans;
}

function eulerOf(surface: Surface): number {
  return surface.positions.length / 3 - edgesOf(surface).size / 2 + surface.triangles.length / 3;
}

type Solid = (i: number, j: number, k: number) => boolean;

function labelsOf(size: Triple, isInside: Solid): Uint8Array {
  const labels = new Uint8Array(size[0] * size[1] * size[2]);
  for (let k = 0, at = 0; k < size[2]; k++) {
    for (let j = 0; j < size[1]; j++)
      for (let i = 0; i < size[0]; i++) labels[at++] = isInside(i, j, k) ? 3 : 0;
  }
  return labels;
}

const boxOf = (size: Triple, low: Triple = [0, 0, 0]): Box => ({ low, size });

describe('surfaces', () => {
  it('are closed and never touch themselves, for any set of voxels', () => {
    const size = fc.tuple(
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
      fc.integer({ min: 1, max: 6 }),
    );
    fc.assert(
      fc.property(
        size,
        fc.double({ min: 0.05, max: 0.95, noNaN: true }),
        fc.integer(),
        (shape, share, seed) => {
          let state = seed >>> 0;
          const labels = labelsOf(shape, () => {
            state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
            return state / 2 ** 32 < share;
          });
          const surface = surfaceOf(labels, boxOf(shape), 3, [1, 1, 1], FINE);
          expectManifold(surface);
          expect(volumeOf(surface) > 0).toBe(labels.includes(3));
        },
      ),
      { numRuns: 400 },
    );
  });

  it('stay apart where two channels meet at an edge', () => {
    // Two empty voxels in a solid that touch along one edge.
    const surface = surfaceOf(
      labelsOf([4, 4, 3], (i, j, k) => !(k === 1 && ((i === 1 && j === 1) || (i === 2 && j === 2)))),
      boxOf([4, 4, 3]),
      3,
      [1, 1, 1],
      FINE,
    );
    expectManifold(surface);
  });

  it.each<[string, number, Solid]>([
    ['a ball', 2, (i, j, k) => Math.hypot(i - 12, j - 12, k - 12) <= 9],
    ['a ring', 0, (i, j, k) => Math.hypot(Math.hypot(i - 12, j - 12) - 7, k - 12) <= 3],
    ['a hollow ball', 4, (i, j, k) => Math.abs(Math.hypot(i - 12, j - 12, k - 12) - 7.5) <= 2],
    [
      'two balls',
      4,
      (i, j, k) => Math.min(Math.hypot(i - 6, j - 6, k - 6), Math.hypot(i - 17, j - 17, k - 17)) <= 5,
    ],
    ['a voxel', 2, (i, j, k) => i === 3 && j === 4 && k === 5],
  ])('of %s have Euler characteristic %i', (_, euler, isInside) => {
    const surface = surfaceOf(labelsOf([25, 25, 25], isInside), boxOf([25, 25, 25]), 3, [0.8, 1, 2], {
      smoothing: 10,
      most_voxels: 1e9,
    });
    expectManifold(surface);
    expect(eulerOf(surface)).toBe(euler);
  });

  it.each([
    [0, 1e9, 0.005],
    [10, 1e9, 0.005],
    [10, 20000, 0.01],
    [0, 6000, 0.01],
  ])(
    'with %i smoothing passes and at most %i voxels keep the volume',
    (smoothing, most_voxels, tolerance) => {
      const size: Triple = [60, 44, 30];
      const spacing_mm: Triple = [0.8, 1.1, 2];
      const labels = labelsOf(
        size,
        (i, j, k) => ((i - 30) / 24) ** 2 + ((j - 22) / 18) ** 2 + ((k - 15) / 12) ** 2 <= 1,
      );
      const voxels = labels.reduce((sum, value) => sum + (value === 3 ? 1 : 0), 0);
      const surface = surfaceOf(labels, boxOf(size), 3, spacing_mm, { smoothing, most_voxels });
      expectManifold(surface);
      const volume = voxels * 0.8 * 1.1 * 2;
      expect(Math.abs(volumeOf(surface) / volume - 1)).toBeLessThan(tolerance);
    },
  );

  it('keep a thin vessel whole where blocks are larger than it', () => {
    const size: Triple = [80, 40, 40];
    // Two voxels wide, in blocks of at least two: half of the voxels of a block at best where it lies across two.
    const labels = labelsOf(size, (i, j, k) => Math.hypot(j - 20 - 6 * Math.sin(i / 12), k - 20) <= 1.3);
    const surface = surfaceOf(labels, boxOf(size), 3, [1, 1, 1], { smoothing: 0, most_voxels: 20000 });
    expect(surface.step).toEqual([2, 2, 2]);
    expectManifold(surface);
    const voxels = labels.reduce((sum, value) => sum + (value === 3 ? 1 : 0), 0);
    expect(Math.abs(volumeOf(surface) / voxels - 1)).toBeLessThan(0.25);
    const xs = surface.positions.filter((_, p) => p % 3 === 0);
    expect(Math.min(...xs)).toBeLessThan(2);
    expect(Math.max(...xs)).toBeGreaterThan(77);
  });

  it('lie in millimetres about the voxels of the box, with unit normals that point outward', () => {
    const size: Triple = [15, 15, 15];
    const labels = labelsOf(size, (i, j, k) => Math.hypot(i - 7, j - 7, (k - 7) * 2) <= 6);
    const surface = surfaceOf(labels, boxOf(size, [10, 20, 30]), 3, [1, 1, 2], {
      smoothing: 5,
      most_voxels: 1e9,
    });
    const centre = [17, 27, 74];
    for (let p = 0; p < surface.positions.length; p += 3) {
      const away = [0, 1, 2].map((axis) => surface.positions[p + axis] - centre[axis]);
      const normal = [...surface.normals.subarray(p, p + 3)];
      expect(Math.hypot(...away)).toBeGreaterThan(4.5);
      expect(Math.hypot(...away)).toBeLessThan(7.5);
      expect(Math.hypot(...normal)).toBeCloseTo(1, 5);
      expect(away.reduce((sum, value, axis) => sum + value * normal[axis], 0)).toBeGreaterThan(0);
    }
  });

  it('of no voxel have no triangle', () => {
    const surface = surfaceOf(new Uint8Array(27), boxOf([3, 3, 3]), 3, [1, 1, 1]);
    expect(surface.triangles.length + surface.positions.length).toBe(0);
  });

  it('stay outward in patient millimetres, also where the axes are mirrored', () => {
    const size: Triple = [7, 7, 7];
    const surface = surfaceOf(
      labelsOf(size, () => true),
      boxOf(size),
      3,
      [1, 2, 3],
      FINE,
    );
    const geometry = (i: number): Geometry => ({
      shape: size,
      spacing_mm: [1, 2, 3],
      origin_lps: [100, -50, 8],
      direction: [
        [i, 0, 0],
        [0, 0.8, -0.6],
        [0, 0.6, 0.8],
      ],
    });
    for (const i of [1, -1]) {
      const turned = surfaceInLps(surface, geometry(i));
      expect(volumeOf(turned)).toBeCloseTo(volumeOf(surface), 0);
      expect(turned.positions[0]).toBeCloseTo(100 + i * surface.positions[0], 3);
    }
  });

  it('refuse labels that do not fill their box', () => {
    expect(() => surfaceOf(new Uint8Array(26), boxOf([3, 3, 3]), 3, [1, 1, 1])).toThrow(
      'every voxel of its box',
    );
  });
});
