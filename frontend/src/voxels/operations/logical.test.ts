import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Triple } from '../geometry';
import { type LogicalParams, logical } from './logical';
import { OperationRefused } from './operation';
import { pasteSlice } from './pasteSlice';
import { noise, operate, placesOf, type Scan, scanOf, withLayers } from './primitives/scan.testing';
import { threshold } from './threshold';

const SHAPE: Triple = [6, 5, 4];
const A = { layer: 0, value: 1 };
const B = { layer: 1, value: 2 };

const anyScan: fc.Arbitrary<Scan> = fc.nat().map((seed) => {
  const [first, second] = [noise(seed, 3), noise(seed + 1, 3)];
  const at = (i: number, j: number, k: number) => i + 6 * (j + 5 * k);
  return scanOf(
    SHAPE,
    [1, 1, 1],
    (i, j, k) => first(at(i, j, k)),
    (i, j, k) => second(at(i, j, k)),
  );
});

function own(scan: Scan, action: LogicalParams['action']): readonly number[] {
  const other = action === 'invert' || action === 'clear' ? null : B;
  return placesOf(operate(logical, { target: A, action, other }, scan).layers[0], 1);
}

describe('logical operators between layers', () => {
  it('obey the laws of sets and leave the second structure alone', () => {
    fc.assert(
      fc.property(anyScan, (scan) => {
        const a = new Set(placesOf(scan.map.layerVoxels(0), 1));
        const b = new Set(placesOf(scan.map.layerVoxels(1), 2));
        const sorted = (places: Iterable<number>) => [...places].sort((x, y) => x - y);
        expect(own(scan, 'copy')).toEqual(sorted(b));
        expect(own(scan, 'add')).toEqual(sorted(new Set([...a, ...b])));
        expect(own(scan, 'subtract')).toEqual(sorted([...a].filter((at) => !b.has(at))));
        expect(own(scan, 'intersect')).toEqual(sorted([...a].filter((at) => b.has(at))));
        expect(own(scan, 'clear')).toEqual([]);
        const both = operate(logical, { target: A, action: 'add', other: B }, scan);
        expect(both.layers[1]).toEqual(scan.map.layerVoxels(1));
      }),
      { numRuns: 40 },
    );
  });

  it('inverting twice gives the structure back', () => {
    fc.assert(
      fc.property(anyScan, (scan) => {
        const invert: LogicalParams = { target: A, action: 'invert', other: null };
        const once = operate(logical, invert, scan);
        if (!once.layers[0].includes(1)) return;
        const twice = operate(logical, invert, withLayers(scan, once.layers));
        expect(placesOf(twice.layers[0], 1)).toEqual(placesOf(scan.map.layerVoxels(0), 1));
      }),
      { numRuns: 20 },
    );
  });
});

describe('logical operators within a layer', () => {
  const scan = scanOf(SHAPE, [1, 1, 1], (i) => [0, 1, 1, 2, 2, 3][i]);
  const row = (params: LogicalParams) => [...operate(logical, params, scan).layers[0].subarray(0, 6)];
  const other = { layer: 0, value: 2 };

  it('move the voxels, and say so', () => {
    expect(row({ target: A, action: 'add', other })).toEqual([0, 1, 1, 1, 1, 3]);
    expect(row({ target: A, action: 'copy', other })).toEqual([0, 0, 0, 1, 1, 3]);
    expect(operate(logical, { target: A, action: 'add', other }, scan).note).toMatch(/the voxels moved/);
  });

  it('copy into an empty structure', () => {
    expect(row({ target: { layer: 0, value: 9 }, action: 'copy', other })).toEqual([0, 1, 1, 9, 9, 3]);
  });

  it.each<[LogicalParams, RegExp]>([
    [{ target: A, action: 'subtract', other }, /never overlap/],
    [{ target: A, action: 'intersect', other }, /never overlap/],
    [{ target: A, action: 'add', other: A }, /two different/],
    [{ target: A, action: 'add', other: null }, /second structure/],
    [{ target: A, action: 'add', other: { layer: 0, value: 8 } }, /empty/],
    [{ target: A, action: 'copy', other: { layer: 3, value: 8 } }, /no layer 4|empty/],
  ])('refuse %o in a sentence', (params, sentence) => {
    const about = scanOf(
      SHAPE,
      [1, 1, 1],
      (i) => [0, 1, 1, 2, 2, 3][i],
      () => 0,
      () => 0,
      () => 0,
    );
    expect(() => operate(logical, params, about)).toThrow(OperationRefused);
    expect(() => operate(logical, params, about)).toThrow(sentence);
  });

  it('have nothing to do where both are empty', () => {
    const empty = scanOf(SHAPE, [1, 1, 1], () => 0);
    expect(operate(logical, { target: A, action: 'add', other }, empty).box).toBeNull();
    expect(operate(logical, { target: A, action: 'invert', other: null }, empty).box).toBeNull();
  });
});

describe('threshold', () => {
  const labels = scanOf(SHAPE, [1, 1, 1], (i) => (i < 2 ? 1 : i === 5 ? 2 : 0));
  const scan = { ...labels, hu: Int16Array.from({ length: 120 }, (_, at) => (at % 6) * 100 - 200) };

  it('makes the structure of the range, ends included, and nothing else of it', () => {
    const { layers, shares } = operate(threshold, { target: A, hu: [-100, 100] }, scan);
    expect([...layers[0].subarray(0, 6)]).toEqual([0, 1, 1, 1, 0, 2]);
    expect(shares.at(-1)).toBe(1);
    const again = operate(
      threshold,
      { target: A, hu: [-100, 100] },
      { ...withLayers(scan, layers), hu: scan.hu },
    );
    expect(again.layers).toEqual(layers);
  });

  it('refuses an empty range, one without a voxel, and a scan that is not there', () => {
    expect(() => operate(threshold, { target: A, hu: [5, -5] }, scan)).toThrow(/lower end/);
    expect(() => operate(threshold, { target: A, hu: [Number.NaN, 5] }, scan)).toThrow(/lower end/);
    expect(() => operate(threshold, { target: A, hu: [1000, 2000] }, scan)).toThrow(
      /between 1000 and 2000 HU/,
    );
    expect(() => operate(threshold, { target: A, hu: [0, 1] }, labels)).toThrow(/not loaded/);
  });
});

describe('paste slice', () => {
  const drawn = scanOf(SHAPE, [1, 1, 1], (i, j, k) =>
    k === 1 && i > 1 && j < 3 ? 1 : k === 2 && i < 3 ? 2 : 0,
  );

  it('repeats the structure in the other slice and changes no third one', () => {
    const labels = operate(pasteSlice, { target: A, plane: 'axial', from: 1, to: 2 }, drawn).layers[0];
    const own = (k: number) => placesOf(labels.subarray(30 * k, 30 * k + 30), 1);
    expect(own(2)).toEqual(own(1));
    for (const k of [0, 1, 3]) {
      expect(labels.subarray(30 * k, 30 * k + 30)).toEqual(drawn.map.layers[0][k]);
    }
  });

  it('replaces what the structure was there', () => {
    const twice = scanOf(SHAPE, [1, 1, 1], (i, j, k) =>
      k === 1 && i === j ? 1 : k === 2 && j === 4 ? 1 : 0,
    );
    const labels = operate(pasteSlice, { target: A, plane: 'axial', from: 1, to: 2 }, twice).layers[0];
    expect(labels.subarray(60, 90)).toEqual(labels.subarray(30, 60));
  });

  it('works in every plane, up to the border', () => {
    const at = scanOf(SHAPE, [1, 1, 1], (i, j) => (i === 4 && j > 0 ? 1 : 0));
    const labels = operate(pasteSlice, { target: A, plane: 'sagittal', from: 4, to: 5 }, at).layers[0];
    expect(labels).toEqual(scanOf(SHAPE, [1, 1, 1], (i, j) => (i >= 4 && j > 0 ? 1 : 0)).map.layerVoxels(0));
    const low = scanOf(SHAPE, [1, 1, 1], (_, j, k) => (j === 1 && k > 0 ? 1 : 0));
    const down = operate(pasteSlice, { target: A, plane: 'coronal', from: 1, to: 0 }, low).layers[0];
    expect(down).toEqual(scanOf(SHAPE, [1, 1, 1], (_, j, k) => (j <= 1 && k > 0 ? 1 : 0)).map.layerVoxels(0));
  });

  it.each([
    [1, 4, /no such slice/],
    [-1, 0, /no such slice/],
    [1.5, 2, /no such slice/],
    [1, 1, /into itself/],
    [3, 2, /holds nothing/],
  ])('refuses to paste %s into %s', (from, to, sentence) => {
    expect(() => operate(pasteSlice, { target: A, plane: 'axial', from, to }, drawn)).toThrow(
      OperationRefused,
    );
    expect(() => operate(pasteSlice, { target: A, plane: 'axial', from, to }, drawn)).toThrow(sentence);
  });
});
