import { expect, test } from 'vitest';
import type { RailMarks } from '../../../viewer';
import type { Plane } from '../../../voxels';
import { railRows, rowsOfSlice, sliceAt } from './rail';

function marks(plane: Plane, slices: number, change: Partial<Record<keyof RailMarks, number[]>>): RailMarks {
  const none = () => new Uint8Array(slices);
  const all = { structures: none(), active: none(), edited: none(), uncertain: none(), looked: none() };
  for (const [name, values] of Object.entries(change)) {
    all[name as keyof typeof all].set(values as number[]);
  }
  return { plane, slices, ...all };
}

test('the head is on top of the axial rail', () => {
  expect(rowsOfSlice('axial', 9, 10, 100)).toEqual({ first: 0, last: 9 });
  expect(rowsOfSlice('axial', 0, 10, 100)).toEqual({ first: 90, last: 99 });
  expect(rowsOfSlice('coronal', 0, 10, 100)).toEqual({ first: 0, last: 9 });
});

test.each(['axial', 'sagittal', 'coronal'] as const)('a click on a slice finds it again: %s', (plane) => {
  for (const [slices, height] of [
    [10, 100],
    [300, 640],
    [7, 100],
  ] as const) {
    // biome-ignore format: pairs
    for (let slice = 0; slice < slices; slice++) {
      const { first, last } = rowsOfSlice(plane, slice, slices, height);
      expect(sliceAt(plane, (first + last + 1) / 2, slices, height)).toBe(slice);
    }
  }
});

test('a click outside goes to the nearest slice', () => {
  expect(sliceAt('coronal', -5, 10, 100)).toBe(0);
  expect(sliceAt('coronal', 105, 10, 100)).toBe(9);
  expect(sliceAt('axial', 105, 10, 100)).toBe(0);
});

test('where a row holds several slices, marks add up but only what was all seen counts as looked at', () => {
  const rows = railRows(
    marks('coronal', 4, {
      structures: [0, 1, 0, 0],
      uncertain: [10, 200, 0, 7],
      looked: [1, 0, 1, 1],
      edited: [0, 0, 0, 1],
    }),
    2,
  );
  expect([...rows.structures]).toEqual([1, 0]);
  expect([...rows.uncertain]).toEqual([200, 7]);
  expect([...rows.looked]).toEqual([0, 1]);
  expect([...rows.edited]).toEqual([0, 1]);
});

test('where a slice is several rows high, all of them show it', () => {
  const rows = railRows(marks('axial', 2, { active: [1, 0] }), 6);
  expect([...rows.active]).toEqual([0, 0, 0, 1, 1, 1]);
});
