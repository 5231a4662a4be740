import { expect, test } from 'vitest';
import { LabelMap } from '../../../voxels';
import { structuresIn } from './structuresIn';

test('structures are found in every layer and slice; background and “not annotated” are none', async () => {
  const map = LabelMap.empty([3, 2, 4], 2);
  map.layerVoxels(0)[23] = 254;
  map.layerVoxels(0)[0] = 255;
  map.layerVoxels(1)[7] = 3;
  expect([...(await structuresIn(map))]).toEqual(['0/254', '1/3']);
  expect((await structuresIn(null)).size).toBe(0);
});
