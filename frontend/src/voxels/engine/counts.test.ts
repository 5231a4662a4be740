import { expect, test } from 'vitest';
import { LabelMap } from '../labelMap';
import { countSlices, VoxelCounts } from './counts';
import { EditEngine } from './editEngine';

function someMap(): LabelMap {
  // 15 voxels in a slice: most slices do not begin at a word.
  const map = LabelMap.empty([5, 3, 4], 2);
  map.layerVoxels(0).fill(7, 3, 40);
  map.layerVoxels(1).fill(200, 58);
  return map;
}

function totals(counts: VoxelCounts, layer: number): Record<number, number> {
  const found = Array.from({ length: 256 }, (_, value) => [value, counts.total(layer, value)] as const);
  return Object.fromEntries(found.filter(([, count]) => count > 0));
}

test('what was counted beside the page is what the engine would count', () => {
  const map = someMap();
  const given = new VoxelCounts(map.layers.map(countSlices));
  expect(totals(given, 0)).toEqual({ 0: 23, 7: 37 });
  expect(totals(given, 1)).toEqual({ 0: 58, 200: 2 });
  expect(given.inSlice(0, 2, 7)).toBe(10);
});

test('slices that others wrote are counted again', () => {
  const map = someMap();
  const counts = VoxelCounts.of(map);
  map.layers[0]?.[2]?.fill(9, 0, 12);
  counts.recount(map, 0, 2);
  counts.recount(map, 0, 2);
  expect(totals(counts, 0)).toEqual({ 0: 21, 7: 27, 9: 12 });
  expect(counts.inSlice(0, 2, 9)).toBe(12);
});

test('an engine keeps counts that it was given up to date, so that the next one may begin with them', () => {
  const map = someMap();
  const counts = VoxelCounts.of(map);
  const engine = new EditEngine(map, [1, 1, 1], { counts });
  engine.begin({ tool: 'brush', layer: 0, value: 3 });
  engine.fill([{ k: 1, start: 0, count: 10, stride: 1 }]);
  engine.commit();
  expect(totals(counts, 0)).toEqual(totals(VoxelCounts.of(map), 0));
  engine.undo();
  expect(new EditEngine(map, [1, 1, 1], { counts }).voxelCount(0, 7)).toBe(37);
});
