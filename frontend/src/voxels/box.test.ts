import { describe, expect, it } from 'vitest';
import { type Box, boxBetween, boxOf, boxVoxels, grown, intersection, lastOf, union } from './box';

const box: Box = { low: [2, 3, 4], size: [5, 1, 2] };

describe('boxes', () => {
  it('know their last voxel and come back from it', () => {
    expect(lastOf(box)).toEqual([6, 3, 5]);
    expect(boxBetween(box.low, lastOf(box))).toEqual(box);
    expect(boxVoxels(box)).toBe(10);
  });

  it('grow to both sides and stay inside the scan', () => {
    expect(grown(box, [1, 2, 0], [20, 20, 20])).toEqual({ low: [1, 1, 4], size: [7, 5, 2] });
    expect(grown(box, [9, 9, 9], [8, 5, 6])).toEqual(boxOf([8, 5, 6]));
  });

  it('meet or do not', () => {
    expect(intersection(box, { low: [6, 0, 5], size: [9, 9, 9] })).toEqual({
      low: [6, 3, 5],
      size: [1, 1, 1],
    });
    expect(intersection(box, { low: [7, 0, 0], size: [9, 9, 9] })).toBeNull();
  });

  it('are united by the smallest box around both', () => {
    expect(union(box, { low: [0, 9, 4], size: [1, 1, 1] })).toEqual({ low: [0, 3, 4], size: [7, 7, 2] });
  });
});
