import { expect, test } from 'vitest';
import { howWords, labelWords, openWords, scanWords } from './words';

test.each([
  [{ scans: 0, delineated: 0 }, 'No scan was found.'],
  [{ scans: 1, delineated: 1 }, '1 scan, all with labels.'],
  [{ scans: 12, delineated: 10 }, '12 scans, 10 of them with labels.'],
  [{ scans: 2, delineated: 0 }, '2 scans, none with labels.'],
])('%o: %s', (looked, words) => {
  expect(scanWords(looked)).toBe(words);
});

test('how likely a structure is', () => {
  const one = { key: 'liver', name: 'Liver', confidence: 0.834 };
  expect(howWords({ ...one, how: 'fuzzy' })).toBe('alike, 83 %');
  expect(howWords({ ...one, how: 'synonym' })).toBe('synonym');
});

test('labels by name, or by value where they have none', () => {
  expect(labelWords({ name: 'Leber', value: 1 })).toBe('“Leber”');
  expect(labelWords({ name: '', value: 4 })).toBe('value 4');
});

test('one place and several', () => {
  expect(openWords(1)).toContain('1 place wants');
  expect(openWords(4)).toContain('4 places want');
});
