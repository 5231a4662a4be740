import { expect, test } from 'vitest';
import { figureIn, sliceIn, windowIn } from './typed';

test.each([
  ['40', 40], [' 40 ', 40], ['-600', -600], ['−600', -600], ['+5', 5], ['1,5', 1.5], ['.5', 0.5], ['7.', 7],
  ['', null], ['-', null], ['4e2', null], ['0x10', null], ['12 3', null], ['NaN', null], ['Infinity', null], ['--4', null],
])('%j is %j', (typed, figure) => expect(figureIn(typed)).toBe(figure)); // biome-ignore format: a table

test('a window has a width that is more than nothing, and a centre that a CT can have', () => {
  expect(windowIn('350', '−40')).toEqual({ value: { width: 350, level: -40 } });
  for (const width of ['0', '-5', '', 'wide', '70000']) {
    expect(windowIn(width, '40')).toEqual({ problem: 'The width is a number from 1 to 65535.' });
  }
  for (const level of ['', 'x', '40000', '-40000']) {
    expect(windowIn('400', level)).toEqual({ problem: 'The centre is a number from −32768 to 32767.' });
  }
});

test('a slice is one that the scan has', () => {
  expect(sliceIn('0', 'axial', 64)).toEqual({ value: 0 });
  expect(sliceIn('63', 'axial', 64)).toEqual({ value: 63 });
  expect(sliceIn('64', 'axial', 64)).toEqual({
    problem: 'There is no axial slice 64: this scan has 0 to 63.',
  });
  expect(sliceIn('-1', 'coronal', 9)).toEqual({
    problem: 'There is no coronal slice -1: this scan has 0 to 8.',
  });
  for (const typed of ['', '1.5', 'ten']) {
    expect(sliceIn(typed, 'axial', 64)).toEqual({ problem: 'A slice is a whole number: axial 0 to 63.' });
  }
});
