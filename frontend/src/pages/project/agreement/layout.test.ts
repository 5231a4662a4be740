import { expect, test } from 'vitest';
import { axisEnds, inPieces } from './layout';

const lines = (structures: number, each: number) =>
  Array.from({ length: structures * each }, (_, n) => ({
    structure: `s${Math.floor(n / each)}`,
    label: `${n}`,
  }));

test('a chart that fits is one piece', () => {
  expect(inPieces(lines(3, 8))).toHaveLength(1);
  expect(inPieces([])).toEqual([]);
});

test('pieces hold whole structures and all of them, in order', () => {
  const all = lines(15, 7);
  const pieces = inPieces(all);
  expect(pieces.flat()).toEqual(all);
  expect(pieces.map((piece) => piece.length)).toEqual([21, 21, 21, 21, 21]);
});

test('a structure with more lines than fit is a piece of its own', () => {
  expect(inPieces(lines(2, 30)).map((piece) => piece.length)).toEqual([30, 30]);
});

test('overlaps end at 1, distances begin at 0, other ends are round', () => {
  expect(axisEnds([0.873, 0.99], 'up to one')).toEqual({ min: 0.85, max: 1 });
  expect(axisEnds([0.4, 1], 'up to one')).toEqual({ min: 0.4, max: 1 });
  expect(axisEnds([1, 1], 'up to one')).toEqual({ min: 0.99, max: 1 });
  expect(axisEnds([3.2, 11.7], 'from zero')).toEqual({ min: 0, max: 12 });
  expect(axisEnds([], 'from zero').max).toBeGreaterThan(0);
});
