import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ijk, type Triple } from '../geometry';
import { OperationRefused } from './operation';
import { noise, operate, orNull, placesOf, type Scan, scanOf, withLayers } from './primitives/scan.testing';
import { type SmoothParams, smooth } from './smooth';

const SHAPE: Triple = [12, 10, 8];
const SPACING: Triple = [0.8, 1, 2];
const METHODS = ['median', 'opening', 'closing'] as const;

/** Rough organs: three of them, with noise on their borders; the first touches every side of the scan. */
const anyScan: fc.Arbitrary<Scan> = fc.nat().map((seed) => {
  const roughness = noise(seed, 20);
  return scanOf(SHAPE, SPACING, (i, j, k) => {
    const rough = roughness(i + 12 * (j + 10 * k));
    if (rough === 0) return 0;
    const x = i + (rough > 15 ? 1 : 0);
    if (x < 6) return 1;
    return j + (rough > 16 ? 1 : 0) < 5 ? 2 : k < 6 ? 3 : 0;
  });
});
const anyRadius = fc.constantFrom(1, 1.7, 2.4, 3);

function run(scan: Scan, method: SmoothParams['method'], radius_mm: number, ...values: number[]): Uint8Array {
  const target = values.map((value) => ({ layer: 0, value }));
  return operate(smooth, { target, method, radius_mm }, scan).layers[0];
}

function members(labels: Uint8Array): Set<number> {
  return new Set(placesOf(labels, 1));
}

describe('smoothing of one structure', () => {
  it('opening takes away, closing adds', () => {
    fc.assert(
      fc.property(anyScan, anyRadius, (scan, radius_mm) => {
        const own = members(scan.map.layerVoxels(0));
        const closed = run(scan, 'closing', radius_mm, 1);
        expect([...own].every((at) => closed[at] === 1)).toBe(true);
        const opened = orNull(() => run(scan, 'opening', radius_mm, 1));
        if (opened !== null) expect(placesOf(opened, 1).every((at) => own.has(at))).toBe(true);
      }),
      { numRuns: 40 },
    );
  });

  it('neither does more the second time to a structure that lies within the scan', () => {
    fc.assert(
      fc.property(
        anyScan,
        anyRadius,
        fc.constantFrom('opening' as const, 'closing' as const),
        (scan, mm, method) => {
          const last = SHAPE.map((length) => length - 1);
          const inside = scanOf(SHAPE, SPACING, (...at) =>
            at.some((index, axis) => index === 0 || index === last[axis])
              ? 0
              : scan.map.valueAt(0, ijk(...at)),
          );
          const once = orNull(() => run(inside, method, mm, 1));
          if (once !== null) expect(run(withLayers(inside, [once]), method, mm, 1)).toEqual(once);
        },
      ),
      { numRuns: 60 },
    );
  });

  it('a median fills a pit and cuts a spike', () => {
    const cut = scanOf(SHAPE, [1, 1, 1], (i, j, k) => (i > 3 && !(i === 6 && j === 5 && k === 4) ? 1 : 0));
    const spiked = withLayers(cut, [cut.map.layerVoxels(0).slice()]);
    spiked.map.layerVoxels(0)[2 + 12 * (5 + 10 * 4)] = 1;
    const flat = scanOf(SHAPE, [1, 1, 1], (i) => (i > 3 ? 1 : 0)).map.layerVoxels(0);
    expect(run(spiked, 'median', 2, 1)).toEqual(flat);
  });

  it.each(METHODS)('%s leaves a flat face and what fills the scan alone', (method) => {
    const half = scanOf(SHAPE, SPACING, (i) => (i < 6 ? 1 : 0));
    expect(run(half, method, 2.4, 1)).toEqual(half.map.layerVoxels(0));
    const full = scanOf(SHAPE, SPACING, () => 1);
    expect(run(full, method, 2.4, 1)).toEqual(full.map.layerVoxels(0));
  });

  it('closing bridges a gap that leaves the scan, and does not run along the border', () => {
    const gap = scanOf([20, 9, 9], [1, 1, 1], (i) => (i === 9 ? 0 : 1));
    expect(run(gap, 'closing', 2, 1).includes(0)).toBe(false);
    const beside = scanOf([20, 9, 9], [1, 1, 1], (_, j) => (j > 1 ? 1 : 0));
    expect(run(beside, 'closing', 4, 1)).toEqual(beside.map.layerVoxels(0));
  });

  it('works within slices where the next one is farther than the radius', () => {
    const scan = scanOf([9, 9, 3], [1, 1, 5], (i, j, k) => (k === 1 && Math.hypot(i - 4, j - 4) < 3 ? 1 : 0));
    expect(placesOf(run(scan, 'opening', 2, 1), 1).length).toBeGreaterThan(10);
  });

  it.each(METHODS)('%s refuses wrong input in a sentence', (method) => {
    const speck = scanOf(SHAPE, SPACING, (i, j, k) => (i === 3 && j > 2 && j < 6 && k === 4 ? 1 : 0));
    const tooThin = () => run(speck, method, 3, 1);
    if (method !== 'closing') expect(tooThin).toThrow(/thinner than the ball/);
    expect(() => run(speck, method, 0, 1)).toThrow(/not zero/);
    expect(() => run(speck, method, 0.3, 1)).toThrow(/choose 0.8 mm or more/);
    expect(() => run(speck, method, 2, 1, 2)).toThrow(OperationRefused);
  });

  it('a median refuses a ball that is out of all proportion', () => {
    const scan = scanOf([3, 3, 3], [0.1, 0.1, 0.1], () => 1);
    expect(() => run(scan, 'median', 9, 1)).toThrow(/too large for a median/);
  });

  it('has nothing to do where the structure is empty', () => {
    const scan = scanOf(SHAPE, SPACING, () => 0);
    expect(
      operate(smooth, { target: [{ layer: 0, value: 1 }], method: 'median', radius_mm: 2 }, scan).box,
    ).toBeNull();
  });

  it.each([...METHODS, 'joint'] as const)('%s reports rising shares to the end', (method) => {
    const scan = scanOf(SHAPE, SPACING, (i) => (i > 4 ? 1 : 0));
    const { shares } = operate(smooth, { target: [{ layer: 0, value: 1 }], method, radius_mm: 2 }, scan);
    expect(shares.at(-1)).toBe(1);
    expect([...shares].sort((a, b) => a - b)).toEqual(shares);
  });
});

describe('joint smoothing', () => {
  it('leaves no gap where there was none', () => {
    fc.assert(
      fc.property(anyScan, anyRadius, (scan, radius_mm) => {
        const filled = withLayers(scan, [scan.map.layerVoxels(0).map((value) => (value === 0 ? 4 : value))]);
        expect(run(filled, 'joint', radius_mm, 1, 2, 3, 4).includes(0)).toBe(false);
      }),
      { numRuns: 30 },
    );
  });

  it('covers what smoothing their union covers, and touches nothing else', () => {
    fc.assert(
      fc.property(anyScan, anyRadius, (scan, radius_mm) => {
        const labels = scan.map.layerVoxels(0);
        const joint = run(scan, 'joint', radius_mm, 1, 2);
        const united = withLayers(scan, [labels.map((value) => (value === 2 ? 1 : value))]);
        const union = members(run(united, 'median', radius_mm, 1));
        joint.forEach((value, at) => {
          if (union.has(at)) expect([1, 2]).toContain(value);
          else expect(value).toBe(labels[at] === 1 || labels[at] === 2 ? 0 : labels[at]);
        });
      }),
      { numRuns: 30 },
    );
  });

  it('of one structure is its median', () => {
    fc.assert(
      fc.property(anyScan, anyRadius, (scan, radius_mm) => {
        expect(run(scan, 'joint', radius_mm, 1)).toEqual(run(scan, 'median', radius_mm, 1));
      }),
      { numRuns: 30 },
    );
  });

  it('says how many structures are too thin to stay', () => {
    const scan = scanOf(SHAPE, [1, 1, 1], (i, j, k) => (i === 5 && j === 5 && k === 4 ? 2 : 1));
    const target = [1, 2, 9].map((value) => ({ layer: 0, value }));
    const { note, layers } = operate(smooth, { target, method: 'joint', radius_mm: 2 }, scan);
    expect(note).toBe('1 of the structures is thinner than the ball and vanishes.');
    expect(layers[0].includes(2)).toBe(false);
  });

  it('refuses structures of two layers, and none', () => {
    const scan = scanOf(
      SHAPE,
      SPACING,
      () => 1,
      () => 1,
    );
    const target = [0, 1].map((layer) => ({ layer, value: 1 }));
    expect(() => operate(smooth, { target, method: 'joint', radius_mm: 2 }, scan)).toThrow(/may overlap/);
  });
});
