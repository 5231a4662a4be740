import { expect, test } from 'vitest';
import { ijk, LabelMap } from '../../../voxels';
import { ChangeTable } from './changes';

const SHAPE = [6, 5, 3] as const;

function paint(
  map: LabelMap,
  value: number,
  ...voxels: readonly (readonly [number, number, number])[]
): void {
  for (const [i, j, k] of voxels) {
    map.layerVoxels(0)[i + 6 * (j + 5 * k)] = value;
  }
}

test('added, removed and swapped voxels are counted for each structure, in millilitres', () => {
  const base = LabelMap.empty(SHAPE, 1);
  paint(base, 1, [0, 0, 0], [1, 0, 0], [2, 0, 0]);
  paint(base, 2, [3, 3, 2]);
  paint(base, 255, [5, 4, 2]);
  const own = base.copy();
  paint(own, 0, [0, 0, 0]);
  paint(own, 2, [1, 0, 0], [4, 3, 2], [5, 4, 2]);
  // A voxel of 10 × 10 × 20 mm is 2 mL.
  const table = new ChangeTable(base, own, [10, 10, 20]);
  expect(table.list()).toEqual([
    { layer: 0, value: 2, added_ml: 6, removed_ml: 0 },
    { layer: 0, value: 1, added_ml: 0, removed_ml: 4 },
  ]);
});

test('a stroke counts anew only where it was drawn, and undoing it empties the list', () => {
  const base = LabelMap.empty(SHAPE, 1);
  const own = base.copy();
  const table = new ChangeTable(base, own, [1, 1, 1]);
  expect(table.list()).toEqual([]);
  paint(own, 7, [2, 2, 1]);
  table.update(0, 1);
  expect(table.list()).toEqual([{ layer: 0, value: 7, added_ml: 0.001, removed_ml: 0 }]);
  paint(own, 0, [2, 2, 1]);
  table.update(0, 1);
  expect(table.list()).toEqual([]);
  expect(table.place(0, 7)).toBeNull();
});

test('the place of a change is a changed voxel in the slice with most of it', () => {
  const base = LabelMap.empty(SHAPE, 1);
  const own = base.copy();
  paint(own, 1, [0, 0, 0]);
  // A ring around (2, 2), whose mean is not part of it.
  paint(own, 1, [1, 1, 2], [2, 1, 2], [3, 1, 2], [1, 2, 2], [3, 2, 2], [1, 3, 2], [2, 3, 2], [3, 3, 2]);
  const place = new ChangeTable(base, own, [1, 1, 1]).place(0, 1);
  expect(place?.[2]).toBe(2);
  expect(own.valueAt(0, place ?? ijk(2, 2, 2))).toBe(1);
});
