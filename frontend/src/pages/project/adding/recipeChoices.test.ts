import { expect, test } from 'vitest';
import type { SavedRecipe, ShippedRecipe } from '../../../api';
import { licenceWords, recipeChoices } from './recipeChoices';

const LITS: ShippedRecipe = {
  key: 'lits',
  title: 'LiTS',
  modality: 'CT',
  licence: 'CC BY-NC-ND 4.0',
  licence_read: true,
  non_commercial: true,
  no_derivatives: true,
  citation: 'Bilic et al.',
  structures: ['liver'],
  notes: [],
  disabled: '',
};
const OURS: SavedRecipe = {
  id: 7,
  name: 'Ours',
  shared: false,
  own: true,
  created_by: 'lea',
  updated_at: '2026-01-01T00:00:00Z',
  content: {},
};

test('groups without anything in them are not shown, and what cannot be used cannot be chosen', () => {
  const choices = recipeChoices(
    [LITS, { ...LITS, key: 'gone', disabled: 'Withdrawn.' }, { ...LITS, key: 'mr', modality: 'MR' }],
    [OURS],
  );
  expect(choices.map(({ group }) => group)).toEqual([
    'Without a recipe',
    'Saved in this project',
    'Public data sets',
  ]);
  expect(choices[1]?.items).toEqual([{ value: '7', label: 'Ours' }]);
  expect(choices[2]?.items).toEqual([
    { value: 'lits', label: 'LiTS', disabled: false },
    { value: 'gone', label: 'LiTS', disabled: true },
    { value: 'mr', label: 'LiTS', disabled: true },
  ]);
});

test('a licence is said with what is not sure of it', () => {
  expect(licenceWords(LITS)).toBe('Licence CC BY-NC-ND 4.0, not for commercial use. Cite: Bilic et al.');
  expect(licenceWords({ ...LITS, licence_read: false, non_commercial: false, citation: '' })).toBe(
    'Licence CC BY-NC-ND 4.0 (as far as known; check it before use).',
  );
  expect(licenceWords({ ...LITS, licence: '', non_commercial: false, citation: '' })).toBe(
    'The licence is not known: ask whoever published it.',
  );
});
