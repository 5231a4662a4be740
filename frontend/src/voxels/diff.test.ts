import { describe, expect, it } from 'vitest';
import { ADDED, changeOf, diffMasks, REMOVED } from './diff';
import { IGNORE, LabelMap } from './labelMap';

describe('changeOf', () => {
  it.each([
    [0, 0, 0],
    [0, 3, ADDED],
    [3, 0, REMOVED],
    [3, 4, ADDED | REMOVED],
    [IGNORE, 3, ADDED],
    [3, IGNORE, REMOVED],
    [0, IGNORE, 0],
  ])('from %i to %i', (before, after, change) => {
    expect(changeOf(before, after)).toBe(change);
  });
});

describe('diffMasks', () => {
  it('counts the slices that differ, by layer and k', () => {
    const base = LabelMap.empty([3, 1, 3], 2);
    const own = base.copy();
    own.layers[0][2].set([1, 1, 0]);
    base.layers[1][0].set([5, 5, 5]);
    own.layers[1][0].set([0, 6, 5]);
    expect(diffMasks(base, own)).toEqual([
      { layer: 0, k: 2, added: 2, removed: 0 },
      { layer: 1, k: 0, added: 1, removed: 2 },
    ]);
  });

  it('refuses masks of different scans', () => {
    expect(() => diffMasks(LabelMap.empty([3, 1, 3], 1), LabelMap.empty([3, 1, 4], 1))).toThrow(
      'different scans',
    );
  });
});
