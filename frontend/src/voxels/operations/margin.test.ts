import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../geometry';
import { hollow } from './hollow';
import { margin } from './margin';
import { OperationRefused } from './operation';
import { noise, operate, orNull, placesOf, type Scan, scanOf, withLayers } from './primitives/scan.testing';

const SHAPE: Triple = [11, 9, 7];
const SPACING: Triple = [0.7, 1, 2.5];
const TARGET = { layer: 0, value: 1 };

const anyScan: fc.Arbitrary<Scan> = fc.nat().map((seed) => {
  const values = noise(seed, 8);
  return scanOf(SHAPE, SPACING, (i, j, k) => {
    const value = values(i + 11 * (j + 9 * k));
    // Half of the scan is solid, so that shrinking leaves something.
    if (i > 5) return value < 7 ? 1 : 2;
    return value > 6 ? 1 : 0;
  });
});
const anyMargin = fc.constantFrom(0.7, 1, 1.4, 2.1, 2.5, 3.3);

function structure(scan: Scan, margin_mm: number): Uint8Array {
  return operate(margin, { target: TARGET, margin_mm }, scan).layers[0];
}

function isWithin(inner: readonly number[], outer: Uint8Array): boolean {
  return inner.every((at) => outer[at] === 1);
}

describe('margin', () => {
  it('grows a single voxel to the ball around it, cut at the border', () => {
    const scan = scanOf(SHAPE, SPACING, (i, j, k) => (i === 1 && j === 4 && k === 3 ? 1 : 0));
    const grown = structure(scan, 2.5);
    const ball = scanOf(SHAPE, SPACING, (i, j, k) =>
      ((i - 1) * 0.7) ** 2 + (j - 4) ** 2 + ((k - 3) * 2.5) ** 2 <= 6.25 * (1 + 1e-6) ? 1 : 0,
    );
    expect(grown).toEqual(ball.map.layerVoxels(0));
    expect(placesOf(grown, 1).length).toBeGreaterThan(20);
  });

  it('counts a centre on the surface, which rounding puts just outside', () => {
    const scan = scanOf([9, 1, 1], [0.7, 1, 1], (i) => (i === 0 ? 1 : 0));
    expect(0.7 + 0.7 + 0.7).not.toBe(2.1);
    expect(placesOf(structure(scan, 2.1), 1)).toEqual([0, 1, 2, 3]);
  });

  it('grown then shrunk holds the structure; shrunk then grown lies within it', () => {
    fc.assert(
      fc.property(anyScan, anyMargin, (scan, by) => {
        const own = scan.map.layerVoxels(0);
        const closed = structure(withLayers(scan, [structure(scan, by)]), -by);
        expect(isWithin(placesOf(own, 1), closed)).toBe(true);
        const less = orNull(() => structure(scan, -by));
        if (less === null) return;
        const opened = structure(withLayers(scan, [less]), by);
        expect(isWithin(placesOf(opened, 1), own)).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('reaches no farther in two steps than in one', () => {
    fc.assert(
      fc.property(anyScan, anyMargin, anyMargin, (scan, a, b) => {
        const twice = structure(withLayers(scan, [structure(scan, a)]), b);
        expect(isWithin(placesOf(twice, 1), structure(scan, a + b))).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it('shrinks what is the same as growing what surrounds it', () => {
    fc.assert(
      fc.property(anyScan, anyMargin, (scan, by) => {
        const less = orNull(() => structure(scan, -by));
        const inverse = withLayers(scan, [scan.map.layerVoxels(0).map((value) => (value === 1 ? 0 : 1))]);
        const more = structure(inverse, by);
        expect(placesOf(more, 0)).toEqual(less === null ? [] : placesOf(less, 1));
      }),
      { numRuns: 60 },
    );
  });

  it('gives nothing up at the border of the scan', () => {
    const scan = scanOf(SHAPE, [1, 1, 1], (_, j) => (j >= 3 ? 1 : 0));
    const shrunk = structure(scan, -2);
    expect(shrunk).toEqual(scanOf(SHAPE, [1, 1, 1], (_, j) => (j >= 5 ? 1 : 0)).map.layerVoxels(0));
  });

  it('leaves other structures beyond the margin as they are', () => {
    fc.assert(
      fc.property(anyScan, anyMargin, (scan, by) => {
        const grown = structure(scan, by);
        const own = scan.map.layerVoxels(0);
        own.forEach((value, at) => {
          if (grown[at] !== 1) expect(grown[at]).toBe(value);
        });
      }),
      { numRuns: 20 },
    );
  });

  it('has nothing to do where the structure is empty', () => {
    const scan = scanOf(SHAPE, SPACING, () => 2);
    expect(operate(margin, { target: TARGET, margin_mm: 3 }, scan).box).toBeNull();
  });

  it.each([
    [0, /not zero/],
    [Number.NaN, /not zero/],
    [0.5, /choose 0.7 mm or more/],
    [-40, /Nothing would be left/],
  ])('refuses a margin of %s mm in a sentence', (margin_mm, sentence) => {
    const scan = scanOf(SHAPE, SPACING, (i) => (i === 4 || i === 5 ? 1 : 0));
    expect(() => structure(scan, margin_mm)).toThrow(OperationRefused);
    expect(() => structure(scan, margin_mm)).toThrow(sentence);
  });

  it('refuses what is no structure', () => {
    const scan = scanOf(SHAPE, SPACING, () => 255);
    expect(() => operate(margin, { target: { layer: 0, value: 255 }, margin_mm: 2 }, scan)).toThrow(
      /choose one in the list/,
    );
  });

  it('reports how far it is, up to the end', () => {
    const scan = scanOf(SHAPE, SPACING, (i) => (i > 5 ? 1 : 0));
    const { shares } = operate(margin, { target: TARGET, margin_mm: 2 }, scan);
    expect(shares.at(-1)).toBe(1);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  });
});

describe('hollow', () => {
  const solid = scanOf([15, 15, 15], [1, 1, 1], (i, j, k) =>
    Math.hypot(i - 7, j - 7, k - 7) <= 4.1 ? 1 : 0,
  );
  const wall = (side: 'inside' | 'outside' | 'both', shell_mm: number) =>
    operate(hollow, { target: TARGET, shell_mm, side }, solid);

  it('leaves a wall inside, outside or astride the surface', () => {
    const own = solid.map.layerVoxels(0);
    const inside = wall('inside', 2).layers[0];
    expect(isWithin(placesOf(inside, 1), own)).toBe(true);
    expect(placesOf(wall('outside', 2).layers[0], 1).some((at) => own[at] === 1)).toBe(false);
    const astride = wall('both', 4).layers[0];
    expect(isWithin(placesOf(inside, 1), astride)).toBe(true);
    expect(isWithin(placesOf(wall('outside', 2).layers[0], 1), astride)).toBe(true);
  });

  it.each(['inside', 'outside', 'both'] as const)('reports rising shares to the end (%s)', (side) => {
    const { shares } = wall(side, 4);
    expect(shares.at(-1)).toBe(1);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  });

  it('refuses a wall that is too thick or too thin', () => {
    expect(() => wall('inside', 9)).toThrow(/thinner/);
    expect(() => wall('both', 1.5)).toThrow(/neighbouring/);
    expect(() => wall('inside', -2)).toThrow(OperationRefused);
  });
});
