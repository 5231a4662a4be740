import { expect, test } from 'vitest';
import type { SuspiciousRegion } from '../../../api';
import { centreOf, NOWHERE, nextRegion, reasonSentence, sizeWords, walkWords } from './regions';

const NONE: ReadonlySet<number> = new Set();

test('forward goes down the ranks, past what is done, and round', () => {
  expect(nextRegion(4, NONE, NOWHERE, 1)).toBe(0);
  expect(nextRegion(4, NONE, 3, 1)).toBe(0);
  expect(nextRegion(4, new Set([0, 1]), NOWHERE, 1)).toBe(2);
  expect(nextRegion(4, new Set([0, 1, 3]), 3, 1)).toBe(2);
});

test('back goes to the one before, done or not', () => {
  expect(nextRegion(4, new Set([0, 1, 2]), 2, -1)).toBe(1);
  expect(nextRegion(4, NONE, 0, -1)).toBe(3);
  expect(nextRegion(4, NONE, NOWHERE, -1)).toBe(3);
});

test('when all are done the walk goes on', () => {
  const all = new Set([0, 1, 2]);
  expect(nextRegion(3, all, 1, 1)).toBe(2);
  expect(nextRegion(3, all, 2, 1)).toBe(0);
  expect(nextRegion(1, new Set([0]), 0, 1)).toBe(0);
  expect(nextRegion(0, NONE, NOWHERE, 1)).toBe(NOWHERE);
});

test('the words count from one', () => {
  expect(walkWords(11, 2)).toBe('Next suspicious (N): 3 of 11');
  expect(walkWords(11, NOWHERE)).toBe('Next suspicious (N): – of 11');
  expect(walkWords(0, NOWHERE)).toBe('No suspicious regions');
});

const REGION: SuspiciousRegion = {
  kind: 'unsure',
  centre_ijk: [3.4, 8.6, 2],
  low: [1, 7, 2],
  high: [5, 10, 2],
  layer: 0,
  structure: 1,
  volume_ml: 12.44,
  uncertainty: 0.777,
  reason: 'unsure where the liver ends at its lower end, 12.4 mL',
};

test('a region is a voxel, a size, a share and a sentence', () => {
  expect(centreOf(REGION)).toEqual([3, 9, 2]);
  expect(sizeWords(REGION)).toBe('78 % unsure');
  expect(sizeWords({ ...REGION, reason: 'two pieces' })).toBe('12.4 mL · 78 % unsure');
  expect(reasonSentence(REGION)).toBe('Unsure where the liver ends at its lower end, 12.4 mL.');
});

test('a structure that was not drawn has no place and no size', () => {
  const missing = {
    ...REGION,
    centre_ijk: null,
    volume_ml: 0,
    uncertainty: null,
    reason: 'Nothing is drawn.',
  };
  expect(centreOf(missing)).toBeNull();
  expect(sizeWords(missing)).toBe('');
  expect(reasonSentence(missing)).toBe('Nothing is drawn.');
});
