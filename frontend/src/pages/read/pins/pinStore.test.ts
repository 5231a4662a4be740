import { expect, it } from 'vitest';
import type { Assignment, Pin } from '../../../api';
import { changed, firstOpen, placeOf } from './pinStore';

const pin = (id: number, state: Pin['state'] = 'open'): Pin =>
  ({ id, state, point_lps: [-8, -12, 4] }) as unknown as Pin;

it('puts an answer in the place of the pin that it is about, or at the end', () => {
  const pins = [pin(1), pin(2)];
  expect(changed(pins, pin(1, 'resolved')).map(({ state }) => state)).toEqual(['resolved', 'open']);
  expect(changed(pins, pin(3)).map(({ id }) => id)).toEqual([1, 2, 3]);
  expect(changed(pins, 1).map(({ id }) => id)).toEqual([2]);
});

it('finds the first pin that is open', () => {
  expect(firstOpen([pin(1, 'resolved'), pin(2), pin(3)])?.id).toBe(2);
  expect(firstOpen([pin(1, 'resolved')])).toBeNull();
  expect(firstOpen(null)).toBeNull();
});

it('goes to the voxel at the point', () => {
  const volume = {
    shape: [40, 36, 34],
    spacing_mm: [1, 1, 2],
    origin_lps: [-10, -20, -30],
    direction: [
      [1, 0, 0],
      [0, 1, 0],
      [0, 0, 1],
    ],
  } as unknown as Assignment['volume'];
  expect(placeOf(pin(1), volume)).toEqual([2, 8, 17]);
});
