import { expect, test } from 'vitest';
import { spread } from './spread';

test('what is far enough apart stays where it is', () => {
  expect(spread([10, 50, 30], 12, 100)).toEqual([10, 50, 30]);
});

test('what is too near is moved down, in the order of the places', () => {
  expect(spread([42, 40, 41], 12, 100)).toEqual([64, 40, 52]);
});

test('at the end there is no room below: what is above moves up', () => {
  expect(spread([95, 96, 97], 12, 100)).toEqual([76, 88, 100]);
});

test('nothing to place', () => {
  expect(spread([], 12, 100)).toEqual([]);
});
