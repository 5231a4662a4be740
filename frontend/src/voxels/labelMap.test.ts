import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, boxBetween } from './box';
import { ijk, type Triple } from './geometry';
import { LabelMap } from './labelMap';

const SHAPE: Triple = [9, 7, 5];

type Labelled = readonly (readonly [i: number, j: number, k: number, value: number])[];

const someVoxels = fc.array(
  fc.tuple(fc.nat(SHAPE[0] - 1), fc.nat(SHAPE[1] - 1), fc.nat(SHAPE[2] - 1), fc.integer({ min: 1, max: 3 })),
  { maxLength: 12 },
);

function mapOf(voxels: Labelled): LabelMap {
  const map = LabelMap.empty(SHAPE, 2);
  for (const [i, j, k, value] of voxels) map.layers[1][k][i + SHAPE[0] * j] = value;
  return map;
}

/** Looked for voxel by voxel. */
function boxAround(map: LabelMap, isWanted: (value: number) => boolean): Box | null {
  const found: Triple[] = [];
  for (let k = 0; k < SHAPE[2]; k++) {
    for (let j = 0; j < SHAPE[1]; j++) {
      for (let i = 0; i < SHAPE[0]; i++) if (isWanted(map.valueAt(1, ijk(i, j, k)))) found.push([i, j, k]);
    }
  }
  if (found.length === 0) return null;
  const of = (choose: (...numbers: number[]) => number) =>
    [0, 1, 2].map((axis) => choose(...found.map((at) => at[axis]))) as unknown as Triple;
  return boxBetween(of(Math.min), of(Math.max));
}

describe('boundingBox', () => {
  it('is the smallest box around a value, or around several', () => {
    fc.assert(
      fc.property(someVoxels, (voxels) => {
        const map = mapOf(voxels);
        const isLarge = (value: number) => value >= 2;
        expect(map.boundingBox(1, 2)).toEqual(boxAround(map, (value) => value === 2));
        expect(map.boundingBox(1, isLarge)).toEqual(boxAround(map, isLarge));
        expect(map.boundingBox(0, 2)).toBeNull();
      }),
      { numRuns: 300 },
    );
  });
});

describe('cut', () => {
  it.each<Box>([
    { low: [2, 1, 1], size: [3, 4, 2] },
    { low: [0, 2, 0], size: [9, 3, 5] },
    { low: [0, 0, 0], size: [9, 7, 5] },
  ])('copies the voxels of %o, i fastest', (box) => {
    const map = LabelMap.empty(SHAPE, 1);
    map.layerVoxels(0).forEach((_, p, all) => {
      all[p] = p % 251;
    });
    const cut = map.cut(0, box);
    const [width, height] = box.size;
    const wrong = cut.filter((value, q) => {
      const [di, dj, dk] = [q % width, Math.floor(q / width) % height, Math.floor(q / (width * height))];
      return value !== map.valueAt(0, ijk(box.low[0] + di, box.low[1] + dj, box.low[2] + dk));
    });
    expect(cut).toHaveLength(width * height * box.size[2]);
    expect(wrong).toHaveLength(0);
    cut.fill(0);
    expect(map.valueAt(0, ijk(3, 3, 1))).not.toBe(0);
  });
});

describe('of', () => {
  const voxels = SHAPE[0] * SHAPE[1] * SHAPE[2];

  it('takes the very arrays over', () => {
    const layers = [new Uint8Array(voxels), new Uint8Array(voxels).fill(2)];
    const map = LabelMap.of(SHAPE, layers);
    expect(map.layerVoxels(1)).toBe(layers[1]);
    map.layers[0][3][4 + SHAPE[0] * 5] = 7;
    expect(map.valueAt(0, ijk(4, 5, 3))).toBe(7);
    expect(layers[0].filter((one) => one === 7)).toHaveLength(1);
  });

  it('refuses voxels of another shape', () => {
    expect(() => LabelMap.of(SHAPE, [new Uint8Array(voxels - 1)])).toThrow('does not fit this scan');
  });
});
