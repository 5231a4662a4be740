import { expect, test } from 'vitest';
import { keysAt, newRule, problemOfRule, type RuleDraft, ruleContent } from './ruleDraft';

const KEYS = ['lung_upper_lobe_left', 'lung_lower_lobe_left', 'liver', 'liver_tumor', 'kidney'];
const MERGE: RuleDraft = {
  ...newRule('merge'),
  many: ['lung_upper_lobe_left', 'lung_lower_lobe_left'],
  into: 'lung_left',
};
const SPLIT: RuleDraft = { ...newRule('split'), one: 'kidney', left: 'kidney_left', right: 'kidney_right' };
const CONTAIN: RuleDraft = { ...newRule('contain'), one: 'liver', many: ['liver_tumor'] };
const SUBTRACT: RuleDraft = { ...newRule('subtract'), one: 'liver', many: ['liver_tumor'] };
const RENAME: RuleDraft = { ...newRule('rename'), one: 'kidney', into: 'kidneys' };
const DROP: RuleDraft = { ...newRule('drop'), many: ['kidney'] };

test('rules follow one another', () => {
  expect(keysAt([MERGE, SPLIT, CONTAIN], KEYS)).toEqual([
    'lung_left',
    'liver',
    'liver_tumor',
    'kidney_left',
    'kidney_right',
  ]);
  expect(keysAt([SUBTRACT, DROP], KEYS)).toEqual(KEYS.slice(0, 4));
  expect(keysAt([RENAME], KEYS).at(-1)).toBe('kidneys');
});

test.each([
  [MERGE, { rule: 'merge', from: ['lung_upper_lobe_left', 'lung_lower_lobe_left'], into: 'lung_left' }],
  [SPLIT, { rule: 'split', from: 'kidney', left: 'kidney_left', right: 'kidney_right', by: 'components' }],
  [CONTAIN, { rule: 'contain', whole: 'liver', parts: ['liver_tumor'] }],
  [SUBTRACT, { rule: 'subtract', from: 'liver', minus: ['liver_tumor'] }],
  [RENAME, { rule: 'rename', from: 'kidney', into: 'kidneys' }],
  [DROP, { rule: 'drop', from: ['kidney'] }],
])('a good rule is sent as it is', (rule, content) => {
  expect(problemOfRule(rule, KEYS)).toBe('');
  expect(ruleContent(rule)).toEqual(content);
});

test.each([
  [newRule('merge'), 'Choose what stands under “From”.'],
  [{ ...MERGE, into: '' }, 'Choose what stands under “Into”.'],
  [{ ...MERGE, many: ['liver'], into: 'organ' }, 'Choose at least two structures to merge.'],
  [{ ...MERGE, into: 'kidney' }, 'kidney is there already; merge the two instead.'],
  [{ ...SPLIT, one: 'spleen' }, 'spleen is not there at this point; check the order of the rules.'],
  [{ ...SPLIT, right: 'kidney_left' }, 'Name each structure once.'],
  [{ ...CONTAIN, many: ['liver'] }, 'Name each structure once.'],
  [{ ...CONTAIN, one: '' }, 'Choose what stands under “Organ”.'],
])('a bad rule is told in one sentence', (rule, sentence) => {
  expect(problemOfRule(rule, KEYS)).toBe(sentence);
});

test('structures are told by their names', () => {
  expect(problemOfRule({ ...SPLIT, one: 'spleen' }, KEYS, (key) => key.toUpperCase())).toContain('SPLEEN is');
});
