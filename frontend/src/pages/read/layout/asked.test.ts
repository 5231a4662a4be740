import { describe, expect, it } from 'vitest';
import { askedBox, askedWords } from './asked';

describe('what is asked for', () => {
  it('is a box from its first to its last voxel', () => {
    const region = { start: [0, 0, 40], stop: [64, 60, 56] };
    expect(askedBox({ region })).toEqual({ low: [0, 0, 40], size: [64, 60, 16] });
    expect(askedBox({ region: null })).toBeNull();
  });

  it('is said by the slices that the planes count, both included', () => {
    expect(askedWords({ start: [0, 0, 40], stop: [64, 60, 56] }, [64, 60, 90])).toBe('slices 40–55');
    expect(askedWords({ start: [3, 0, 0], stop: [9, 60, 90] }, [64, 60, 90])).toBe('i 3–8');
  });
});
