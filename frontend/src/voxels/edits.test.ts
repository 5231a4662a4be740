import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { applyEdits, decodeEdits, encodeEdits, mergeEdits, type SliceRuns } from './edits';
import { LabelMap } from './labelMap';

type Run = readonly [start: number, length: number, value: number];

function slice(layer: number, k: number, runs: readonly Run[]): SliceRuns {
  return {
    layer,
    k,
    starts: Uint32Array.from(runs, ([start]) => start),
    lengths: Uint32Array.from(runs, ([, length]) => length),
    values: Uint8Array.from(runs, ([, , value]) => value),
  };
}

/** Runs of a slice of 12 x 10 voxels, from gaps so that they are sorted and never overlap. */
const anySlice = fc
  .tuple(
    fc.nat(1),
    fc.nat(3),
    fc.array(fc.tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 6,
    }),
  )
  .map(([layer, k, parts]) => {
    let end = 0;
    const runs = parts.map(([gap, length, value]): Run => {
      const start = end + gap - 1;
      end = start + length;
      return [start, length, value];
    });
    return slice(layer, k, runs);
  });

describe('the bytes of edits', () => {
  /*
   * Golden vectors: the server's decoder is tested with the same bytes. In words, for the first: layer 0, k 3, two
   * runs; gap 5, length 2, value 7; then gap 300 from position 7 (varint AC 02), length 1, value 0.
   */
  it.each([
    [
      'two runs, a gap of two bytes',
      [
        slice(0, 3, [
          [5, 2, 7],
          [307, 1, 0],
        ]),
      ],
      '00 03 02 05 02 07 ac 02 01 00',
    ],
    [
      'two slices, the second in layer 1',
      [slice(0, 0, [[0, 1, 255]]), slice(1, 129, [[16384, 128, 1]])],
      '00 00 01 00 01 ff 01 81 01 01 80 80 01 80 01 01',
    ],
    [
      'runs that touch have a gap of 0',
      [
        slice(2, 10, [
          [4, 3, 1],
          [7, 3, 2],
        ]),
      ],
      '02 0a 02 04 03 01 00 03 02',
    ],
    ['nothing', [], ''],
  ])('%s', (_, slices, hex) => {
    const bytes = Uint8Array.from(hex.split(' ').filter(Boolean), (byte) => Number.parseInt(byte, 16));
    expect(encodeEdits(slices)).toEqual(bytes);
    expect(decodeEdits(bytes)).toEqual(slices);
  });

  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.array(anySlice, { maxLength: 5 }), (slices) => {
        expect(decodeEdits(encodeEdits(slices))).toEqual(slices);
      }),
    );
  });

  it('that are cut short are refused', () => {
    const bytes = encodeEdits([
      slice(0, 3, [
        [5, 2, 7],
        [307, 1, 0],
      ]),
    ]);
    for (let length = 1; length < bytes.length; length++) {
      expect(() => decodeEdits(bytes.slice(0, length)), `${length} bytes`).toThrow(RangeError);
    }
  });

  it('with an empty run, an endless number or too many runs are refused', () => {
    expect(() => decodeEdits(Uint8Array.of(0, 0, 1, 0, 0, 1))).toThrow('a run is empty');
    expect(() => decodeEdits(Uint8Array.of(0x80, 0x80, 0x80, 0x80, 0x80, 1))).toThrow('too long');
    expect(() => decodeEdits(Uint8Array.of(0, 0, 0xff, 0xff, 0x7f))).toThrow('more runs than');
  });
});

describe('applyEdits', () => {
  it('writes each run and nothing else', () => {
    const map = LabelMap.empty([4, 3, 2], 2);
    applyEdits(map, [
      slice(1, 1, [
        [1, 2, 9],
        [11, 1, 4],
      ]),
    ]);
    expect([...map.layers[1][1]]).toEqual([0, 9, 9, 0, 0, 0, 0, 0, 0, 0, 0, 4]);
    expect(map.histogram(0)[0]).toBe(24);
    expect(map.histogram(1)[0]).toBe(21);
  });

  it.each([
    ['layer', slice(2, 0, [[0, 1, 1]])],
    ['slice', slice(0, 2, [[0, 1, 1]])],
    ['position', slice(0, 0, [[11, 2, 1]])],
  ])('refuses a %s that the mask does not have, and writes nothing', (_, bad) => {
    const map = LabelMap.empty([4, 3, 2], 2);
    expect(() => applyEdits(map, [slice(0, 0, [[0, 3, 5]]), bad])).toThrow('do not fit this mask');
    expect(map.histogram(0)[0]).toBe(24);
  });
});

describe('mergeEdits', () => {
  it('has the effect of the deltas one after another, with one block per slice', () => {
    fc.assert(
      fc.property(fc.array(fc.array(anySlice, { maxLength: 3 }), { maxLength: 4 }), (deltas) => {
        const oneByOne = LabelMap.empty([12, 10, 4], 2);
        for (const delta of deltas) applyEdits(oneByOne, delta);
        const merged = mergeEdits(deltas);
        const atOnce = LabelMap.empty([12, 10, 4], 2);
        applyEdits(atOnce, merged);
        expect(atOnce.layers).toEqual(oneByOne.layers);
        expect(new Set(merged.map(({ layer, k }) => `${layer}/${k}`)).size).toBe(merged.length);
        expect(decodeEdits(encodeEdits(merged))).toEqual(merged);
      }),
    );
  });
});
