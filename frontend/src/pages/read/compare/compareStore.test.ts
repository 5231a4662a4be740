import { beforeEach, expect, test } from 'vitest';
import { isBeside, toggledBeside, useCompareStore } from './compareStore';
import { MINE, PREDICTION, type Source } from './sources';

const { getState: read } = useCompareStore;
const REVISION: Source = { kind: 'revision', mask: '5', number: 3 };
const BRANCH: Source = { kind: 'branch', mask: '9', number: 2, at: '2026-05-11T12:00:00Z' };

beforeEach(() => read().forget());

test('where nothing was compared, the other mask comes to the right, and leaving ends it', () => {
  read().toggleBeside(PREDICTION);
  expect(read().comparison).toMatchObject({ shown: MINE, base: PREDICTION, how: 'beside' });
  read().toggleBeside(PREDICTION);
  expect(read().comparison).toBeNull();
});

test('what was compared already stays, and leaving draws it as before', () => {
  read().start({ shown: MINE, base: BRANCH, how: 'overlay', by: 'compare' });
  read().toggleBeside(PREDICTION);
  expect(read().comparison).toMatchObject({ base: BRANCH, how: 'beside' });
  read().toggleBeside(PREDICTION);
  expect(read().comparison).toMatchObject({ base: BRANCH, how: 'overlay' });
});

test('what was chosen last comes again', () => {
  read().start({ shown: MINE, base: BRANCH, how: 'beside', by: 'compare' });
  read().toggleBeside(PREDICTION);
  read().toggleBeside(PREDICTION);
  expect(read().comparison).toMatchObject({ base: BRANCH, how: 'beside' });
  read().forget();
  read().toggleBeside(PREDICTION);
  expect(read().comparison?.base).toBe(PREDICTION);
});

test('a revision that is only looked at comes to the right of the mask of now', () => {
  read().start({ shown: REVISION, base: null, how: 'difference', by: 'history' });
  read().toggleBeside(PREDICTION);
  expect(read().comparison).toMatchObject({ shown: MINE, base: REVISION, how: 'beside', by: 'history' });
});

test('choosing other masks keeps them side by side, and the sources that stay are the very same', () => {
  read().start({ shown: MINE, base: PREDICTION, how: 'difference', by: 'compare' });
  read().change({ how: 'beside' });
  read().change({ base: BRANCH });
  expect(read().comparison).toMatchObject({ base: BRANCH, how: 'beside', before: 'difference' });
  expect(read().comparison?.shown).toBe(MINE);
});

test('another mask that is asked for elsewhere comes to the right as well, while two stand side by side', () => {
  read().toggleBeside(PREDICTION);
  read().start({ shown: MINE, base: REVISION, how: 'difference', by: 'history' });
  expect(read().comparison).toMatchObject({ base: REVISION, how: 'beside', before: 'difference' });
  read().start({ shown: REVISION, base: null, how: 'difference', by: 'history' });
  expect(isBeside(read().comparison)).toBe(false);
});

test('one mask alone is not side by side', () => {
  const looked = { shown: REVISION, base: null, how: 'beside', before: null, by: 'history' } as const;
  expect(isBeside(looked)).toBe(false);
  expect(toggledBeside(looked, PREDICTION)).toMatchObject({ shown: MINE, base: REVISION });
});
