import { expect, test } from 'vitest';
import { failureWords, underWayWords } from './scoringWords';

const NONE = { waiting: 0, done: 0, total: 0, failed: 0, failures: [] };
const failure = (number: number | null) => ({
  case: number,
  number,
  name: '',
  sentence: 'No room.',
  at: null,
});

test('what is under way is counted, by cases where they are known', () => {
  expect(underWayWords({ ...NONE, waiting: 1 })).toBe('One case is being compared; its figures follow.');
  expect(underWayWords({ ...NONE, waiting: 3 })).toContain('3 comparisons');
  expect(underWayWords({ ...NONE, waiting: 1, done: 4, total: 9 })).toContain('4 of 9 cases');
});

test('what failed is said to lack in the figures, and that nothing is lost', () => {
  expect(failureWords({ ...NONE, failed: 1, failures: [failure(7)] })).toContain(
    'of one case failed, so figures lack it',
  );
  expect(failureWords({ ...NONE, failed: 2, failures: [failure(7), failure(8)] })).toContain('2 cases');
  expect(failureWords({ ...NONE, failed: 1, failures: [failure(null)] })).toContain('of the project failed');
});
