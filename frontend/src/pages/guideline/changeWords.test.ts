import { expect, test } from 'vitest';
import { changedWords } from './changeWords';

const KNOWN = ['liver', 'spleen', 'aorta', 'bladder', 'kidney', 'lung'].map((key) => ({
  key,
  name: `The ${key}`,
}));

test.each([
  [false, [], 'Nothing changed'],
  [true, [], 'All structures'],
  [true, ['spleen', 'liver'], 'All structures, The liver, The spleen'],
  [false, ['heart', 'lung'], 'The lung, heart'],
  [
    false,
    KNOWN.slice(0, 5).map(({ key }) => key),
    'The liver, The spleen, The aorta, The bladder, The kidney',
  ],
  [true, KNOWN.map(({ key }) => key), 'All structures, The liver, The spleen, The aorta and 3 more'],
])('text changed %s, structures %j: %s', (text_changed, structures, words) => {
  expect(changedWords({ text_changed, structures }, KNOWN)).toBe(words);
});
