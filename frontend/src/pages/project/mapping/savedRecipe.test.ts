import { expect, test } from 'vitest';
import type { LabelSeen } from '../../../api';
import { contentOf, draftOf, NOT_LOOKED_AT, OPEN, type RecipeDraft, withTicked } from './recipeDraft';
import { newRule, type RuleDraft } from './ruleDraft';
import { withRecipe } from './savedRecipe';

const LABELS: LabelSeen[] = [
  ['a', 1],
  ['b', 2],
  ['c', 3],
  ['d', 9],
].map(([name, value]) => ({
  name: String(name),
  value: Number(value),
  files: 1,
  candidates: [],
  hint: '',
}));
const TARGETS = ['liver', 'liver_tumor', 'kidney', NOT_LOOKED_AT];
const RULES: RuleDraft[] = [
  { ...newRule('contain'), one: 'liver', many: ['liver_tumor'] },
  { ...newRule('subtract'), one: 'kidney', many: ['liver_tumor'] },
  {
    ...newRule('split'),
    one: 'kidney',
    left: 'kidney_left',
    right: 'kidney_right',
    by: 'midplane',
  },
  { ...newRule('merge'), many: ['kidney_left', 'kidney_right'], into: 'kidneys' },
  { ...newRule('rename'), one: 'kidneys', into: 'both_kidneys' },
  { ...newRule('drop'), many: ['both_kidneys'] },
];

function saved(): RecipeDraft {
  const fresh = draftOf(LABELS);
  const labels = fresh.labels.map((label, at) => ({ ...label, target: TARGETS[at] ?? OPEN }));
  return withTicked({ ...fresh, name: 'Ours', labels, rules: RULES }, 'liver_tumor', false);
}

test('what was saved comes back as it was', () => {
  const content = contentOf(saved());
  const again = withRecipe({ ...draftOf(LABELS), name: 'Ours' }, content);
  expect(contentOf(again)).toEqual(content);
  expect(again.rules).toEqual(RULES);
});

test('labels that a recipe does not name are left to the lead', () => {
  const one = { labels: { 2: 'spleen', 3: null } };
  expect(withRecipe(draftOf(LABELS), one).labels.map(({ target }) => target)).toEqual([
    OPEN,
    'spleen',
    '-',
    OPEN,
  ]);
});

test.each([null, 'text', [], { labels: 3, rules: [{ rule: 'turn' }, 4], layers: { liver: 'x' } }])(
  '%o is no recipe, and changes nothing',
  (content) => {
    expect(withRecipe(draftOf(LABELS), content)).toEqual(draftOf(LABELS));
  },
);
