import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Geometry, ijk, indexToLps, lps, lpsToIndex, nearestVoxel } from './geometry';

const STRAIGHT: Geometry = {
  shape: [122, 101, 30],
  spacing_mm: [3, 2, 5],
  origin_lps: [-180, -150, -400],
  direction: [
    [1, 0, 0],
    [0, 1, 0],
    [0, 0, 1],
  ],
};

/** A gantry tilt of 30 degrees about the left-right axis. */
const TILTED: Geometry = {
  ...STRAIGHT,
  direction: [
    [1, 0, 0],
    [0, Math.sqrt(3) / 2, -0.5],
    [0, 0.5, Math.sqrt(3) / 2],
  ],
};

describe('indexToLps', () => {
  it('moves by the spacing from the origin', () => {
    expect(indexToLps(STRAIGHT, ijk(0, 0, 0))).toEqual([-180, -150, -400]);
    expect(indexToLps(STRAIGHT, ijk(2, 10, 4))).toEqual([-174, -130, -380]);
  });

  it('takes the columns of the direction as the axes', () => {
    const [left, posterior, superior] = indexToLps(TILTED, ijk(0, 10, 0));
    expect(left).toBeCloseTo(-180);
    expect(posterior).toBeCloseTo(-150 + 20 * (Math.sqrt(3) / 2));
    expect(superior).toBeCloseTo(-400 + 10);
  });
});

describe('lpsToIndex', () => {
  it('is the inverse of indexToLps for any position', () => {
    const coordinate = fc.double({ min: -500, max: 500, noNaN: true });
    fc.assert(
      fc.property(fc.tuple(coordinate, coordinate, coordinate), fc.boolean(), ([a, b, c], tilted) => {
        const geometry = tilted ? TILTED : STRAIGHT;
        const [i, j, k] = lpsToIndex(geometry, indexToLps(geometry, ijk(a, b, c)));
        expect([i, j, k].every((value, axis) => Math.abs(value - [a, b, c][axis]) < 1e-8)).toBe(true);
      }),
    );
  });

  it('refuses a direction that has no inverse', () => {
    const flat = {
      ...STRAIGHT,
      direction: [
        [1, 0, 0],
        [0, 1, 0],
        [0, 0, 0],
      ],
    } as unknown as Geometry;
    expect(() => lpsToIndex(flat, lps(0, 0, 0))).toThrow('singular');
  });
});

describe('nearestVoxel', () => {
  it('rounds and stays inside', () => {
    expect(nearestVoxel([4, 4, 4], ijk(-3, 1.6, 9))).toEqual([0, 2, 3]);
  });
});
