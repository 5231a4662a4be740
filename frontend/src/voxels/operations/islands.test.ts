import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../geometry';
import { type IslandsParams, islands } from './islands';
import { OperationRefused } from './operation';
import { Components } from './primitives/components';
import { noise, operate, placesOf, type Scan, scanOf, withLayers } from './primitives/scan.testing';
import { relabel } from './relabel';
import { swapSides } from './swapSides';

const SHAPE: Triple = [8, 7, 5];
const TARGET = { layer: 0, value: 1 };

const anyScan: fc.Arbitrary<Scan> = fc.nat().map((seed) => {
  const values = noise(seed, 6);
  return scanOf(SHAPE, [1, 1, 1], (i, j, k) => [0, 0, 0, 1, 1, 2][values(i + 8 * (j + 7 * k))]);
});

function count(labels: Uint8Array, connectivity: 6 | 26 = 6): number {
  return new Components(labels, 1, SHAPE, connectivity).count;
}

/** Islands by walking from voxel to voxel, the slow and plain way. */
function walked(labels: Uint8Array, connectivity: 6 | 26): number[][] {
  const left = new Set(placesOf(labels, 1));
  const groups: number[][] = [];
  for (const start of left) {
    const group = [start];
    left.delete(start);
    for (const at of group) {
      for (const next of left) {
        if (touches(at, next, connectivity)) {
          left.delete(next);
          group.push(next);
        }
      }
    }
    groups.push(group.sort((a, b) => a - b));
  }
  return groups;
}

function touches(a: number, b: number, connectivity: 6 | 26): boolean {
  const at = (place: number) => [place % 8, Math.floor(place / 8) % 7, Math.floor(place / 56)];
  const [one, two] = [at(a), at(b)];
  const steps = one.map((index, axis) => Math.abs(index - two[axis]));
  return connectivity === 6 ? steps[0] + steps[1] + steps[2] === 1 : Math.max(...steps) === 1;
}

describe('connected components', () => {
  it.each([6, 26] as const)('are the groups found by walking, with %i neighbours', (connectivity) => {
    fc.assert(
      fc.property(anyScan, (scan) => {
        const labels = scan.map.layerVoxels(0);
        const found = new Components(labels, 1, SHAPE, connectivity);
        const groups = walked(labels, connectivity);
        expect(found.count).toBe(groups.length);
        groups.forEach((group, number) => {
          expect(new Set(group.map((place) => found.componentAt(place)))).toEqual(new Set([number]));
          expect(found.voxels[number]).toBe(group.length);
        });
        placesOf(labels, 2).forEach((place) => {
          expect(found.componentAt(place)).toBe(-1);
        });
      }),
      { numRuns: 60 },
    );
  });

  it('are none where nothing is set', () => {
    const found = new Components(new Uint8Array(8 * 7 * 5), 1, SHAPE);
    expect([found.count, found.largest]).toEqual([0, -1]);
  });
});

describe('islands', () => {
  it('keeps one island, however often it is asked', () => {
    fc.assert(
      fc.property(anyScan, fc.constantFrom(6 as const, 26 as const), (scan, connectivity) => {
        const params: IslandsParams = { target: TARGET, action: 'keep_largest', connectivity };
        const once = operate(islands, params, scan);
        expect(count(once.layers[0], connectivity)).toBe(1);
        const twice = operate(islands, params, withLayers(scan, once.layers));
        expect(twice.layers).toEqual(once.layers);
        expect(twice.note).toMatch(/^Nothing to remove/);
      }),
      { numRuns: 40 },
    );
  });

  it('divides the structure between what it keeps at a voxel and what it removes there', () => {
    fc.assert(
      fc.property(anyScan, fc.nat(), (scan, pick) => {
        const own = placesOf(scan.map.layerVoxels(0), 1);
        const place = own[pick % own.length];
        const at: Triple = [place % 8, Math.floor(place / 8) % 7, Math.floor(place / 56)];
        const kept = operate(islands, { target: TARGET, action: 'keep_at', at }, scan).layers[0];
        expect(kept[place]).toBe(1);
        expect(count(kept)).toBe(1);
        if (placesOf(kept, 1).length === own.length) return;
        const rest = operate(islands, { target: TARGET, action: 'remove_at', at }, scan).layers[0];
        expect([...placesOf(kept, 1), ...placesOf(rest, 1)].sort((a, b) => a - b)).toEqual(own);
      }),
      { numRuns: 40 },
    );
  });

  it('splits without losing or doubling a voxel', () => {
    fc.assert(
      fc.property(anyScan, (scan) => {
        const own = scan.map.layerVoxels(0);
        const into = [7, 8, 9].map((value) => ({ layer: 0, value }));
        const split = operate(islands, { target: TARGET, action: 'split', into }, scan).layers[0];
        expect(split.map((value) => (value >= 7 ? 1 : value))).toEqual(own);
        const expected = Math.max(1, count(own) - 3);
        expect(count(split)).toBe(expected);
      }),
      { numRuns: 40 },
    );
  });

  it('needs two voxels to share a face, unless corners are asked for', () => {
    const scan = scanOf(SHAPE, [1, 1, 1], (i, j, k) => (i === j && j === k && i < 4 ? 1 : 0));
    expect(count(scan.map.layerVoxels(0), 6)).toBe(4);
    expect(count(scan.map.layerVoxels(0), 26)).toBe(1);
  });

  it('counts an island of just the least volume as large enough', () => {
    const scan = scanOf(SHAPE, [0.7, 0.7, 2.5], (i, j, k) => (i < 3 && j < 2 && k < 2 ? 1 : i === 6 ? 1 : 0));
    const least = (min_ml: number): IslandsParams => ({ target: TARGET, action: 'remove_small', min_ml });
    expect(operate(islands, least((12 * 0.7 * 0.7 * 2.5) / 1000), scan).note).toMatch(/^Nothing to remove/);
    expect(operate(islands, least((13 * 0.7 * 0.7 * 2.5) / 1000), scan).note).toBe(
      '1 island removed, 12 voxels.',
    );
  });

  it.each<[IslandsParams, RegExp]>([
    [{ target: TARGET, action: 'keep_at', at: [7, 6, 4] }, /point at one of its islands/],
    [{ target: TARGET, action: 'remove_at', at: [-3, 0, 0] }, /point at one of its islands/],
    [{ target: TARGET, action: 'remove_small', min_voxels: 900 }, /No island would be left/],
    [{ target: TARGET, action: 'remove_small', min_ml: Number.NaN }, /larger than nothing/],
    [{ target: TARGET, action: 'split', into: [] }, /empty one first/],
    [{ target: TARGET, action: 'split', into: [{ layer: 0, value: 2 }] }, /structures that are empty/],
    [{ target: TARGET, action: 'split', into: [TARGET] }, /Choose each structure once/],
    [{ target: TARGET, action: 'split', into: [{ layer: 4, value: 2 }] }, /no layer 5/],
  ])('refuses %o in a sentence', (params, sentence) => {
    const scan = scanOf(SHAPE, [1, 1, 1], (i, j) => (i < 2 ? 1 : j === 6 ? 2 : 0));
    expect(() => operate(islands, params, scan)).toThrow(OperationRefused);
    expect(() => operate(islands, params, scan)).toThrow(sentence);
  });

  it('has nothing to do where the structure is empty', () => {
    const scan = scanOf(SHAPE, [1, 1, 1], () => 0);
    expect(operate(islands, { target: TARGET, action: 'keep_largest' }, scan).box).toBeNull();
  });
});

describe('relabel', () => {
  const scan = scanOf(
    SHAPE,
    [1, 1, 1],
    (i) => (i === 1 || i === 6 ? 1 : 0),
    (_, j) => (j === 0 ? 5 : 0),
  );

  it('gives one island to another structure of the layer', () => {
    const to = { layer: 0, value: 3 };
    const labels = operate(relabel, { at: [6, 2, 2], from: TARGET, to }, scan).layers[0];
    expect(labels).toEqual(
      scanOf(SHAPE, [1, 1, 1], (i) => (i === 1 ? 1 : i === 6 ? 3 : 0)).map.layerVoxels(0),
    );
  });

  it('moves it between layers and leaves nothing behind', () => {
    const [first, second] = operate(
      relabel,
      { at: [6, 2, 2], from: TARGET, to: { layer: 1, value: 3 } },
      scan,
    ).layers;
    expect(placesOf(first, 1)).toEqual(placesOf(scan.map.layerVoxels(0), 1).filter((at) => at % 8 === 1));
    expect(placesOf(second, 3)).toEqual(placesOf(scan.map.layerVoxels(0), 1).filter((at) => at % 8 === 6));
    expect(placesOf(second, 5).length).toBe(5 * 7);
  });

  it('copies it to another layer and leaves it where it was', () => {
    const params = { at: [6, 2, 2] as const, from: TARGET, to: { layer: 1, value: 3 }, keeps: true };
    const [first, second] = operate(relabel, params, scan).layers;
    expect(first).toEqual(scan.map.layerVoxels(0));
    expect(placesOf(second, 3)).toEqual(placesOf(scan.map.layerVoxels(0), 1).filter((at) => at % 8 === 6));
  });

  it('refuses a place without the structure, and the structure itself', () => {
    expect(() => operate(relabel, { at: [3, 0, 0], from: TARGET, to: { layer: 0, value: 3 } }, scan)).toThrow(
      /point/,
    );
    expect(() => operate(relabel, { at: [6, 0, 0], from: TARGET, to: TARGET }, scan)).toThrow(
      /choose another/,
    );
  });
});

describe('swap sides', () => {
  const sides = { left: TARGET, right: { layer: 0, value: 2 } };

  it('done twice is as before', () => {
    fc.assert(
      fc.property(anyScan, (scan) => {
        const once = operate(swapSides, { ...sides, at: null }, scan);
        const twice = operate(swapSides, { ...sides, at: null }, withLayers(scan, once.layers));
        expect(twice.layers[0]).toEqual(scan.map.layerVoxels(0));
        expect(placesOf(once.layers[0], 2)).toEqual(placesOf(scan.map.layerVoxels(0), 1));
      }),
      { numRuns: 30 },
    );
  });

  it('brings one island to the other side, from either', () => {
    const scan = scanOf(SHAPE, [1, 1, 1], (i) => [1, 1, 0, 2, 0, 1, 0, 2][i]);
    const row = (at: Triple) => [...operate(swapSides, { ...sides, at }, scan).layers[0].subarray(0, 8)];
    expect(row([5, 3, 2])).toEqual([1, 1, 0, 2, 0, 2, 0, 2]);
    expect(row([3, 3, 2])).toEqual([1, 1, 0, 1, 0, 1, 0, 2]);
    expect(() => row([2, 3, 2])).toThrow(/Neither of the two/);
  });

  it('refuses one structure for both sides', () => {
    const scan = scanOf(SHAPE, [1, 1, 1], () => 1);
    expect(() => operate(swapSides, { left: TARGET, right: TARGET, at: null }, scan)).toThrow(
      /two different/,
    );
  });
});
