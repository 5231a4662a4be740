import { expect, test } from 'vitest';
import type { CaseRow, HeldRead } from '../../api';
import { heldByCase, holdWords, partWords, priorityWords, takeable, takeSentence } from './caseWords';

const NOW = new Date(2026, 2, 4, 15, 0);

function read(given: Partial<HeldRead>): HeldRead {
  return {
    id: 1,
    alias: 'K7Q2XM',
    case_number: 3,
    reader: 'ana',
    role: 'annotate',
    state: 'open',
    purpose: 'routine',
    due_at: null,
    lease_until: new Date(2026, 2, 4, 15, 2).toISOString(),
    active_seconds: 0,
    skip_reason: '',
    revisions: 0,
    group: null,
    ...given,
  };
}

test('who holds a case and until when', () => {
  expect(holdWords(read({}), NOW)).toBe('until 15:02');
  expect(holdWords(read({ role: 'review' }), NOW)).toBe('reviews, until 15:02');
  expect(holdWords(read({ revisions: 4 }), NOW)).toBe('drawn, stays');
  expect(holdWords(read({ state: 'planned' }), NOW)).toBe('planned, not begun');
  expect(holdWords(read({ lease_until: new Date(2026, 2, 4, 14).toISOString() }), NOW)).toBe('lease over');
});

test('reads by case: those that were skipped apart, reviews not to be taken', () => {
  const of = heldByCase([read({}), read({ role: 'review' }), read({ state: 'skipped' })]);
  expect(of(3).open).toHaveLength(2);
  expect(of(3).skipped).toHaveLength(1);
  expect(of(4).open).toEqual([]);
  expect(takeable([of(3), of(4)])).toEqual([read({})]);
});

test('only a priority that is not the usual one is said', () => {
  expect([2, 1, 0, -1, 7.5].map(priorityWords)).toEqual(['first', 'high', '', 'low', 'priority 7.5']);
});

test('what taking over does is said before', () => {
  expect(takeSentence([read({ revisions: 2 })])).toBe(
    'Take CASE 0003 from ana? What ana drew stays as a branch. The case is free again.',
  );
  expect(takeSentence([read({}), read({ reader: 'ben', case_number: 4 })])).toBe(
    'Take 2 reads from ana, ben? Nothing is drawn in them. The cases are free again.',
  );
});

test('a single part is named only for what it needs', () => {
  const row = (parts: CaseRow['parts']): CaseRow => ({ parts, split: 'pool' }) as CaseRow;
  expect(partWords(row([{ group: null, state: 'ready', needs_level: 1 }]))).toEqual([]);
  expect(partWords(row([{ group: null, state: 'ready', needs_level: 3 }]))).toEqual(['for experts']);
  expect(
    partWords(
      row([
        { group: 'Kidneys', state: 'in_review', needs_level: 1 },
        { group: 'Liver', state: 'ready', needs_level: 2 },
      ]),
    ),
  ).toEqual(['Kidneys: in review', 'Liver (experienced): ready to read']);
});
