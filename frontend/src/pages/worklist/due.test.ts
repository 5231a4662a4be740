import { expect, test } from 'vitest';
import { byDue, dueWords } from './due';

const NOW = new Date(2026, 2, 4, 15, 0); // a Wednesday

test.each([
  [new Date(2026, 2, 4, 23, 59), 'due today', true],
  [new Date(2026, 2, 4, 9, 0), 'was due today', true],
  [new Date(2026, 2, 5, 9, 0), 'due tomorrow', true],
  [new Date(2026, 2, 6, 23, 59), 'due Friday', false],
  [new Date(2026, 2, 10, 0, 1), 'due Tuesday', false],
  // A week later the name of the day would be taken for today's.
  [new Date(2026, 2, 11, 9, 0), 'due 11 Mar', false],
  [new Date(2026, 2, 3, 23, 59), 'was due yesterday', true],
  [new Date(2026, 2, 2, 23, 59), 'was due 2 Mar', true],
])('%s is %s', (due, words, isPressing) => {
  expect(dueWords(due.toISOString(), NOW)).toEqual({ words, isPressing });
});

test('reads stand by date, those without one behind and in their order', () => {
  const reads = [null, '2026-03-09T00:00:00Z', null, '2026-03-06T00:00:00Z'].map((due_at, id) => ({
    id,
    due_at,
  }));
  expect(byDue(reads).map(({ id }) => id)).toEqual([3, 1, 0, 2]);
});
