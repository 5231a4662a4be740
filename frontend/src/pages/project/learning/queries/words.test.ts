import { expect, it } from 'vitest';
import {
  costWords,
  minutesWords,
  regionWords,
  scoreWords,
  trainingsOf,
  unitWords,
  wholeWords,
} from './words';

const usual = {
  strategies: [],
  seeds: 2,
  seconds: 30,
  start: 2,
  query: 3,
  budget: 9,
  trainings: 0,
  minutes: 0,
};

it('counts a seed’s first training once', () => {
  expect(trainingsOf(usual, 3, 2)).toBe(2 * (1 + 3 * 3));
  expect(trainingsOf(usual, 1, 1)).toBe(4);
});

it('says what a replay costs before it starts', () => {
  expect(costWords(20, 30)).toBe('20 trainings of 30 s: about 10 min, and predicting in between.');
  expect(costWords(40, 300)).toBe('40 trainings of 300 s: about 3.3 hours, and predicting in between.');
  expect(costWords(1, 1)).toContain('about 1 min');
});

it('tells the part that was chosen of a scan', () => {
  const slab = { place: 'slices 40–55', region_mm: [320, 320, 38.4] };
  expect(regionWords(slab)).toBe('slices 40–55; 320 × 320 × 38 mm');
  const cube = { place: 'i 3–66, j 0–63, slices 40–55', region_mm: [64, 64, 64] };
  expect(regionWords(cube)).toBe('i 3–66, j 0–63, slices 40–55; 64 × 64 × 64 mm');
  expect(regionWords({ place: '', region_mm: null })).toBe('');
});

it('says of which scans no part can be chosen, and until when', () => {
  const predicted = { scans: 12, no_slab: 12, no_cube: 4 };
  expect(wholeWords('volume', predicted)).toBe('');
  expect(wholeWords('slab', predicted)).toBe(
    'The unread scans were predicted before slabs could be chosen: readers get them whole until another model serves and has predicted them.',
  );
  expect(wholeWords('cube', predicted)).toContain(
    '4 of 12 unread scans were predicted before cubes could be chosen',
  );
  expect(wholeWords('cube', { ...predicted, no_cube: 1 })).toContain('1 of 12 unread scans was predicted');
  expect(wholeWords('cube', { ...predicted, no_cube: 0 })).toBe('');
  expect(wholeWords('cube', { scans: 0, no_slab: 0, no_cube: 0 })).toBe('');
});

it('says what readers get', () => {
  const sizes = { slab_mm: 40, cube_mm: 64 };
  expect(unitWords({ unit: 'volume', ...sizes })).toBe('');
  expect(unitWords({ unit: 'slab', ...sizes })).toContain('slabs of about 40 mm');
  expect(unitWords({ unit: 'cube', ...sizes })).toContain('cubes of about 64 mm');
});

it('writes scores and minutes', () => {
  expect([scoreWords(null), scoreWords(0.000123456), scoreWords(0.5)]).toEqual(['—', '0.000123', '0.500']);
  expect([minutesWords(null), minutesWords(3.1234), minutesWords(42.4)]).toEqual(['—', '3.1 min', '42 min']);
});
