import { expect, it } from 'vitest';
import { nextOpen } from './differenceStore';

it.each([
  [4, [], 0, 1],
  [4, [1, 2], 0, 3],
  [4, [3], 3, 0],
  [3, [1, 2], 1, 0],
  [3, [0, 1, 2], 1, null],
  [0, [], -1, null],
])('of %i differences with %o decided, after %i comes %o', (count, decided, after, next) => {
  expect(nextOpen(count, new Map(decided.map((at) => [at, 'a'])), after)).toBe(next);
});
