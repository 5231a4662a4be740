import { expect, test } from 'vitest';
import { GreyValues } from './greyValues';

test('mean, spread and middle of one structure over several slices', () => {
  const grey = new GreyValues();
  grey.take(Uint8Array.of(0, 2, 2, 1, 0), 2, Int16Array.of(900, 10, 20, 900, 900));
  grey.take(Uint8Array.of(2, 0, 0, 0, 2), 2, Int16Array.of(30, 900, 900, 900, 40));
  grey.take(Uint8Array.of(1, 0, 0, 0, 0), 2, null);
  expect(grey.summary()).toEqual({
    voxels: 4,
    mean_hu: 25,
    sd_hu: Math.sqrt(125),
    median_hu: 20,
    middle_hu: [10, 40],
    isPart: false,
  });
});

test('nothing drawn has no figures; what has not arrived is left out and said', () => {
  const grey = new GreyValues();
  expect(grey.summary()).toBeNull();
  grey.take(Uint8Array.of(3), 3, null);
  expect(grey.summary()).toBeNull();
  grey.take(Uint8Array.of(3), 3, Int16Array.of(-7));
  expect(grey.summary()).toMatchObject({ voxels: 1, mean_hu: -7, sd_hu: 0, isPart: true });
});

test('percentiles are those of the sorted values, also beyond what scanners tell', () => {
  const hu = Int16Array.from({ length: 1000 }, (_, n) => ((n * 7919) % 5000) - 1500);
  const grey = new GreyValues();
  grey.take(new Uint8Array(1000).fill(9), 9, hu);
  const sorted = [...hu].sort((a, b) => a - b).map((value) => Math.min(3071, Math.max(-1024, value)));
  expect(grey.summary()).toMatchObject({
    median_hu: sorted[499],
    middle_hu: [sorted[49], sorted[949]],
    mean_hu: hu.reduce((sum, value) => sum + value, 0) / 1000,
  });
});
