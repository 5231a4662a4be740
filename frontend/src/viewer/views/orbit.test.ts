import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../../voxels';
import {
  clipMatrix,
  fitted,
  letterOf,
  moved,
  type Orbit,
  pixelMatrix,
  pointAt,
  scaled,
  screenAxes,
  turned,
} from './orbit';
import { dot } from './vectors';

const WIDTH = 600;
const HEIGHT = 400;
const REACH_MM = 500;
const front: Orbit = { ...fitted([300, 200, 400], WIDTH, HEIGHT), pitch: 0 };

const finite = (most: number) => fc.double({ min: -most, max: most, noNaN: true });
const anyOrbit = fc.record({
  centre: fc.tuple(finite(200), finite(200), finite(200)),
  yaw: finite(7),
  pitch: finite(1.5),
  pixelsPerMm: fc.double({ min: 0.2, max: 5, noNaN: true }),
});

function clip(matrix: Float32Array, point: Triple): Triple {
  const row = (r: number): number =>
    [0, 1, 2].reduce(
      (sum, axis) => sum + (matrix[4 * axis + r] as number) * (point[axis] as number),
      matrix[12 + r] as number,
    );
  return [row(0), row(1), row(2)];
}

describe('screenAxes', () => {
  it('look from in front of the patient: left on the right, superior up', () => {
    const { right, up, towards } = screenAxes(front);
    expect([right, up, towards].map(letterOf)).toEqual(['L', 'S', 'A']);
  });

  it('stay at right angles', () => {
    fc.assert(
      fc.property(anyOrbit, (orbit) => {
        const { right, up, towards } = screenAxes(orbit);
        for (const [a, b] of [
          [right, up],
          [right, towards],
          [up, towards],
        ] as const) {
          expect(dot(a, b)).toBeCloseTo(0, 9);
          expect(dot(a, a)).toBeCloseTo(1, 9);
        }
      }),
    );
  });
});

describe('pointAt', () => {
  it('is the inverse of the clip matrix', () => {
    fc.assert(
      fc.property(anyOrbit, finite(1), finite(1), finite(1), (orbit, x, y, depth) => {
        const pixel = { x: ((x + 1) / 2) * WIDTH, y: ((1 - y) / 2) * HEIGHT, depth };
        const point = pointAt(orbit, pixel, WIDTH, HEIGHT, REACH_MM);
        const back = clip(clipMatrix(orbit, WIDTH, HEIGHT, REACH_MM), point);
        [x, y, depth].forEach((value, n) => {
          expect(back[n]).toBeCloseTo(value, 3);
        });
      }),
    );
  });
});

describe('pixelMatrix', () => {
  it('brings the pixel into the middle of clip space and keeps the depth', () => {
    const matrix = clipMatrix(front, WIDTH, HEIGHT, REACH_MM);
    const point = pointAt(front, { x: 123, y: 77, depth: 0.25 }, WIDTH, HEIGHT, REACH_MM);
    const [x, y, depth] = clip(pixelMatrix(matrix, 123, 77, WIDTH, HEIGHT), point);
    expect(x).toBeCloseTo(0, 3);
    expect(y).toBeCloseTo(0, 3);
    expect(depth).toBeCloseTo(0.25, 4);
    const beside = pointAt(front, { x: 124, y: 77, depth: 0.25 }, WIDTH, HEIGHT, REACH_MM);
    expect(clip(pixelMatrix(matrix, 123, 77, WIDTH, HEIGHT), beside)[0]).toBeCloseTo(2, 3);
  });
});

describe('moving the view', () => {
  it('a drag to the right brings the patient along', () => {
    const before = clip(clipMatrix(front, WIDTH, HEIGHT, REACH_MM), [150, 100, 200]);
    const after = clip(clipMatrix(moved(front, 30, 10), WIDTH, HEIGHT, REACH_MM), [150, 100, 200]);
    expect(((after[0] - before[0]) / 2) * WIDTH).toBeCloseTo(30, 3);
    expect(((before[1] - after[1]) / 2) * HEIGHT).toBeCloseTo(10, 3);
  });

  it('turning ends when looking straight from above', () => {
    expect(letterOf(screenAxes(turned(front, 0, 1e4)).towards)).toBe('S');
  });

  it('a turn to the right shows the right side of the patient', () => {
    expect(letterOf(screenAxes(turned(front, 150, 0)).towards)).toBe('R');
  });

  it('zooms within limits', () => {
    expect(scaled(front, 1e9).pixelsPerMm).toBe(40);
    expect(scaled(front, 2).pixelsPerMm).toBeCloseTo(2 * front.pixelsPerMm);
  });
});
