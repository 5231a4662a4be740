import { expect, test } from 'vitest';
import type { LearningPolicy } from '../../../../api';
import { changesOf } from './draft';

const KEPT = { retrain_after: 5, every_hours: 12, members: 1, automatic: true } as LearningPolicy;

test('only what differs is sent', () => {
  expect(changesOf(KEPT, { retrain_after: 5, members: 2 })).toEqual({ members: 2 });
  expect(changesOf(KEPT, {})).toEqual({});
});

test('an empty clock is one that is off; an empty number that is needed is none', () => {
  expect(changesOf(KEPT, { every_hours: '' })).toEqual({ every_hours: null });
  expect(changesOf({ ...KEPT, every_hours: null }, { every_hours: '' })).toEqual({});
  expect(changesOf({ ...KEPT, fixed_steps: 400 }, { fixed_steps: '' })).toEqual({ fixed_steps: null });
  expect(changesOf(KEPT, { retrain_after: '', members: 2 })).toBeNull();
});
