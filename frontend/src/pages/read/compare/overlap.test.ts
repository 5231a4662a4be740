import { expect, test } from 'vitest';
import { ijk, LabelMap, type Triple } from '../../../voxels';
import { OverlapTable } from './overlap';

const SHAPE: Triple = [6, 5, 3];

function paint(map: LabelMap, value: number, ...voxels: readonly Triple[]): void {
  for (const [i, j, k] of voxels) {
    map.layerVoxels(0)[i + 6 * (j + 5 * k)] = value;
  }
}

async function tableOf(first: LabelMap, second: LabelMap, spacing_mm: Triple = [10, 10, 10]) {
  const table = new OverlapTable(first, second, spacing_mm);
  expect(await table.count()).toBe(true);
  return table;
}

test('volumes, what was added and removed, and Dice are counted for each structure', async () => {
  const first = LabelMap.empty(SHAPE, 1);
  paint(first, 1, [0, 0, 0], [1, 0, 0], [2, 0, 0]);
  paint(first, 2, [3, 3, 2]);
  paint(first, 255, [5, 4, 2]);
  const second = first.copy();
  paint(second, 0, [0, 0, 0]);
  paint(second, 2, [1, 0, 0], [4, 3, 2], [5, 4, 2]);
  // A voxel of 10 × 10 × 20 mm is 2 mL.
  const table = await tableOf(first, second, [10, 10, 20]);
  expect(table.list()).toEqual([
    { layer: 0, value: 2, first_ml: 2, second_ml: 8, added_ml: 6, removed_ml: 0, dice: 2 / 5 },
    { layer: 0, value: 1, first_ml: 6, second_ml: 2, added_ml: 0, removed_ml: 4, dice: 2 / 4 },
  ]);
});

test('structures that agree are listed last with a Dice of 1, in every layer', async () => {
  const first = LabelMap.empty(SHAPE, 2);
  paint(first, 3, [2, 2, 1]);
  first.layerVoxels(1).fill(4);
  const second = first.copy();
  paint(second, 7, [3, 2, 1]);
  const rows = (await tableOf(first, second)).list();
  expect(rows.map(({ layer, value, dice }) => [layer, value, dice])).toEqual([
    [0, 7, 0],
    [0, 3, 1],
    [1, 4, 1],
  ]);
});

test('a stroke counts anew only where it was drawn, and undoing it empties the list', async () => {
  const first = LabelMap.empty(SHAPE, 1);
  const second = first.copy();
  const table = await tableOf(first, second);
  expect(table.list()).toEqual([]);
  paint(second, 7, [2, 2, 1]);
  table.update(0, 1);
  expect(table.list()).toMatchObject([{ layer: 0, value: 7, added_ml: 1, removed_ml: 0, dice: 0 }]);
  paint(second, 0, [2, 2, 1]);
  table.update(0, 1);
  expect(table.list()).toEqual([]);
  expect(table.place(0, 7)).toBeNull();
});

test('the place of a change is a changed voxel in the slice with most of it', async () => {
  const first = LabelMap.empty(SHAPE, 1);
  const second = first.copy();
  paint(second, 1, [0, 0, 0]);
  // A ring around (2, 2), whose mean is not part of it.
  paint(second, 1, [1, 1, 2], [2, 1, 2], [3, 1, 2], [1, 2, 2], [3, 2, 2], [1, 3, 2], [2, 3, 2], [3, 3, 2]);
  const place = (await tableOf(first, second)).place(0, 1);
  expect(place?.[2]).toBe(2);
  expect(second.valueAt(0, place ?? ijk(2, 2, 2))).toBe(1);
});

test('counting stops when nobody waits for it any more', async () => {
  const map = LabelMap.empty([64, 64, 40], 1);
  map.layerVoxels(0).fill(1);
  let asked = 0;
  const table = new OverlapTable(map, map.copy(), [1, 1, 1]);
  const isDone = await table.count(() => {
    asked += 1;
    return asked > 5;
  });
  expect(isDone).toBe(false);
  expect(table.list()[0]?.first_ml).toBeCloseTo((5 * 64 * 64) / 1000);
});

test('masks of two scans are not compared', () => {
  expect(() => new OverlapTable(LabelMap.empty(SHAPE, 1), LabelMap.empty([6, 5, 4], 1), [1, 1, 1])).toThrow(
    'different scans',
  );
});
