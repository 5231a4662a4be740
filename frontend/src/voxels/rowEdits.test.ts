import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { decodeEdits, encodeEdits, type SliceRuns } from './edits';
import { encodeRowEdits, isRowEdits } from './rowEdits';

type Run = readonly [start: number, length: number, value: number];

const COLUMNS = 10;

function slice(layer: number, k: number, runs: readonly Run[]): SliceRuns {
  return {
    layer,
    k,
    starts: Uint32Array.from(runs, ([start]) => start),
    lengths: Uint32Array.from(runs, ([, length]) => length),
    values: Uint8Array.from(runs, ([, , value]) => value),
  };
}

/** Runs of a slice of 10 columns, some longer than a row; those that touch have different values. */
const anySlice = fc
  .tuple(
    fc.nat(1),
    fc.nat(300),
    fc.array(fc.tuple(fc.nat(9), fc.integer({ min: 1, max: 14 }), fc.nat(255)), {
      minLength: 1,
      maxLength: 30,
    }),
  )
  .map(([layer, k, parts]) => {
    let [end, before] = [0, -1];
    const runs = parts.map(([gap, length, value]): Run => {
      const start = end + gap + (gap === 0 && value === before ? 1 : 0);
      [end, before] = [start + length, value];
      return [start, length, value];
    });
    return slice(layer, k, runs);
  });

const bytesOf = (hex: string) => Uint8Array.from(hex.split(' '), (byte) => Number.parseInt(byte, 16));

describe('edits as outlines', () => {
  /*
   * Golden vectors: the server's decoder is tested with the same bytes. In words, for the first: rows of 10 voxels,
   * one block: layer 0, k 3, two strands. Row 0, column 2, 3 voxels of value 7, one step: left -1, right +1 (68). Row 1
   * after it, six columns after column 2, 2 voxels of value 0, no step.
   */
  it.each([
    [
      'a strand of two rows and one of one',
      [
        slice(0, 3, [
          [2, 3, 7],
          [11, 5, 7],
          [18, 2, 0],
        ]),
      ],
      'ff ff ff ff ff 0a 01 00 03 02 00 04 02 07 01 01 0c 01 00 00 68',
    ],
    [
      'ends that move far',
      [
        slice(1, 0, [
          [0, 10, 255],
          [19, 1, 255],
        ]),
      ],
      'ff ff ff ff ff 0a 01 01 00 01 00 00 09 ff 01 01 ff 12 00',
    ],
    ['nothing', [], 'ff ff ff ff ff 0a 00'],
  ])('%s', (_, slices, hex) => {
    expect(encodeRowEdits(slices, COLUMNS)).toEqual(bytesOf(hex));
    expect(decodeEdits(bytesOf(hex))).toEqual(slices);
  });

  it('come back as they went', () => {
    fc.assert(
      fc.property(fc.array(anySlice, { maxLength: 4 }), (slices) => {
        const bytes = encodeRowEdits(slices, COLUMNS);
        expect(isRowEdits(bytes)).toBe(true);
        expect(decodeEdits(bytes)).toEqual(slices);
      }),
      { numRuns: 500 },
    );
  });

  it('are told from plain ones', () => {
    fc.assert(
      fc.property(fc.array(anySlice, { minLength: 1, maxLength: 3 }), (slices) => {
        expect(isRowEdits(encodeEdits(slices))).toBe(false);
      }),
    );
  });

  it('that are cut short, go on, or leave their row are refused', () => {
    const bytes = encodeRowEdits(
      [
        slice(0, 3, [
          [2, 3, 7],
          [11, 5, 7],
          [18, 2, 0],
        ]),
      ],
      COLUMNS,
    );
    for (let length = 6; length < bytes.length; length++) {
      expect(() => decodeEdits(bytes.slice(0, length)), `${length} bytes`).toThrow(RangeError);
    }
    expect(() => decodeEdits(Uint8Array.of(...bytes, 0))).toThrow('behind their end');
    expect(() => decodeEdits(bytesOf('ff ff ff ff ff 0a 01 00 00 01 00 02 0a 01 00'))).toThrow(
      'leaves its row',
    );
  });
});
