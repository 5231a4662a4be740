import { expect, test } from 'vitest';
import { scaleBar } from './scaleBar';

test.each([
  [1, 100, 100, '10 cm'],
  [5.4, 100, 10, '1 cm'],
  [2, 100, 50, '5 cm'],
  [0.3, 100, 200, '20 cm'],
  [30, 100, 2, '2 mm'],
  [400, 100, 0.2, '0.2 mm'],
])('at %d pixels per millimetre, %d pixels at most: %d mm', (pixelsPerMm, most, mm, words) => {
  const bar = scaleBar(pixelsPerMm, most);
  expect(bar.mm).toBeCloseTo(mm, 9);
  expect(bar.px).toBeCloseTo(mm * pixelsPerMm, 6);
  expect(bar.words).toBe(words);
});

test.each([
  [2, 100, 50, '50 voxels'],
  [30, 100, 2, '2 voxels'],
  [400, 100, 1, '1 voxel'],
])(
  'at %d pixels per voxel of unknown size, %d pixels at most: %d voxels',
  (pixelsPerVoxel, most, count, words) => {
    expect(scaleBar(pixelsPerVoxel, most, false)).toEqual({ mm: count, px: count * pixelsPerVoxel, words });
  },
);

test('it is never longer than it may be, nor shorter than two fifths of that', () => {
  for (let pixelsPerMm = 0.05; pixelsPerMm < 500; pixelsPerMm *= 1.07) {
    const { px } = scaleBar(pixelsPerMm, 110);
    expect(px).toBeLessThanOrEqual(110.001);
    expect(px).toBeGreaterThan(43);
  }
});
