import { expect, test } from 'vitest';
import type { GateFigures } from '../../../../api';
import { differenceWords, endsOf, linesOf } from './lines';

const difference = (mean: number, half = 0.01) => ({
  mean,
  low: mean - half,
  high: mean + half,
  cases: 3,
  not_applicable: 0,
});

const FIGURES: GateFigures = {
  compared_with: 1,
  margin: 0.01,
  cases: [2, 3, 4],
  snapshot_sha256: '',
  dice: {
    overall: difference(0.01),
    structures: { liver: difference(0.05), spleen: difference(-0.02) },
    worse: [],
    doubtful: ['spleen'],
  },
  surface_dice: {
    overall: null,
    structures: { liver: difference(-0.2), bladder: difference(0) },
    worse: ['liver'],
    doubtful: [],
  },
};

test('the greatest loss of either measure comes first, both measures side by side', () => {
  const lines = linesOf(FIGURES, new Map([['liver', 'Liver']]));
  expect(lines.map(({ name, measure, standing }) => `${name} ${measure} ${standing}`)).toEqual([
    'All structures Dice kept',
    'Liver Dice kept',
    'Liver surface Dice worse',
    'spleen Dice doubtful',
    'bladder surface Dice kept',
  ]);
});

test('figures are said as the gate says them', () => {
  expect(differenceWords(difference(0.0123))).toBe('+0.012 (95 % CI +0.002…+0.022)');
  expect(differenceWords(difference(-0.0001, 0))).toBe('0.000 (95 % CI 0.000…0.000)');
});

test('the axis holds all intervals, zero and the margin, between round ends', () => {
  expect(endsOf(linesOf(FIGURES, new Map()), 0.01)).toEqual({ min: -0.25, max: 0.1 });
  expect(endsOf([], 0.01)).toEqual({ min: -0.01, max: 0.01 });
});
