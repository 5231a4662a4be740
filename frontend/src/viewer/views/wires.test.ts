import { expect, it } from 'vitest';
import type { Triple } from '../../voxels';
import { boxLines, partLines } from './wires';

type Edge = readonly [readonly number[], readonly number[]];

function edgesOf(lines: Float32Array): Edge[] {
  expect(lines.length % 6).toBe(0);
  return Array.from({ length: lines.length / 6 }, (_, n) => {
    const [from, to] = [lines.slice(6 * n, 6 * n + 3), lines.slice(6 * n + 3, 6 * n + 6)];
    return [[...from], [...to]];
  });
}

it('a box has twelve edges of its own, four along each axis, each from side to side', () => {
  const [low, high]: [Triple, Triple] = [
    [1, 2, 4],
    [5, 8, 16],
  ];
  const edges = edgesOf(boxLines(low, high));
  expect(new Set(edges.map(String)).size).toBe(12);
  for (const axis of [0, 1, 2]) {
    const along = edges.filter(([a, b]) => a[axis] !== b[axis]);
    expect(along.length).toBe(4);
    for (const [a, b] of along) {
      expect([a[axis], b[axis]]).toEqual([low[axis], high[axis]]);
      for (const other of [0, 1, 2].filter((n) => n !== axis)) {
        expect(a[other]).toBe(b[other]);
        expect([low[other], high[other]]).toContain(a[other]);
      }
    }
  }
});

it('a part ends half a voxel beyond its last ones, in millimetres', () => {
  const edges = edgesOf(partLines({ low: [4, 0, 2], size: [6, 3, 2] }, [1, 2, 5]));
  const points = edges.flat();
  const range = (axis: number) => {
    const at = points.map((point) => point[axis] as number);
    return [Math.min(...at), Math.max(...at)];
  };
  expect([range(0), range(1), range(2)]).toEqual([
    [3.5, 9.5],
    [-1, 5],
    [7.5, 17.5],
  ]);
});
