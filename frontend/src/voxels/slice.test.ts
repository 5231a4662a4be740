import { describe, expect, it } from 'vitest';
import type { Triple } from './geometry';
import { LabelMap } from './labelMap';
import { readSlice, sliceSize } from './slice';

const SHAPE: Triple = [2, 3, 4];

/** Value = i + 10 j + 100 k, cut to a byte: different for every voxel of this shape. */
function numbered(): LabelMap {
  const map = LabelMap.empty(SHAPE, 1);
  for (let k = 0; k < 4; k++) {
    for (let j = 0; j < 3; j++) for (let i = 0; i < 2; i++) map.layers[0][k][i + 2 * j] = i + 10 * j + 50 * k;
  }
  return map;
}

describe('readSlice', () => {
  it.each([
    ['axial', 1, [50, 51, 60, 61, 70, 71]],
    ['coronal', 2, [20, 21, 70, 71, 120, 121, 170, 171]],
    ['sagittal', 1, [1, 11, 21, 51, 61, 71, 101, 111, 121, 151, 161, 171]],
  ] as const)('%s', (plane, index, expected) => {
    const { columns, rows } = sliceSize(SHAPE, plane);
    const scratch = new Uint8Array(columns * rows);
    expect([...readSlice(numbered().layers[0], SHAPE, plane, index, scratch)]).toEqual(expected);
  });

  it('refuses a slice that is not there', () => {
    expect(() => readSlice(numbered().layers[0], SHAPE, 'coronal', 3, new Uint8Array(8))).toThrow(
      'no coronal slice 3',
    );
  });
});
