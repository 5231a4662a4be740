import { expect, test } from 'vitest';
import { leastIsland } from './leastIsland';

const LEAST = { islandsLeast_ml: 0.5, islandsLeast_voxels: 300 };

test('the smallest island is in millilitres, or in voxels where their size is not known', () => {
  expect(leastIsland(LEAST, true)).toEqual({ min_ml: 0.5 });
  expect(leastIsland(LEAST, false)).toEqual({ min_voxels: 300 });
});
