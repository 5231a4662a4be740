import { describe, expect, it } from 'vitest';
import type { DatasetStructure } from '../../../api';
import {
  ALL,
  barAsked,
  byNeed,
  changeWords,
  groupAsked,
  groupWord,
  listTitle,
  measureWords,
  methodWords,
  numbersOf,
  progress,
  publishedWords,
} from './words';

const STRUCTURE: DatasetStructure = {
  structure: 'liver',
  name: 'Liver',
  annotated: 0,
  present: 0,
  absent: 0,
  uncounted: 0,
  not_annotated: 0,
  read: 0,
  imported: 0,
  pool: 0,
  validation: 0,
  test: 0,
  priority: 0,
  goal_cases: null,
  goal_dice: null,
  published_kind: '',
  published_low: null,
  published_high: null,
  published_what: '',
  published_source: '',
  published_address: '',
};

describe('a group', () => {
  const row = { what: 'site', word: '', cases: 2, patients: 2, pool: 2, validation: 0, test: 0 };

  it('asks for what is not known by a word of its own', () => {
    expect(groupWord(row)).toBe('not known');
    expect(groupAsked(row, ALL)).toEqual({ source: '', site: '?', scanner: '' });
  });

  it('stays narrowed', () => {
    const asked = groupAsked({ ...row, what: 'kvp', word: '120' }, { ...ALL, site: 'Basel' });
    expect(asked).toEqual({ source: '', site: 'Basel', scanner: '', kvp: '120' });
    expect(listTitle(asked, new Map())).toBe('Site: Basel · Tube voltage: 120 kV');
  });

  it('speaks of states as everywhere', () => {
    expect(groupWord({ what: 'state', word: 'in_review' })).toBe('In review');
  });
});

describe('a list of cases', () => {
  it('is named after what it asks for', () => {
    const names = new Map([['liver', 'Liver']]);
    expect(listTitle({ structure: 'liver', shown: 'not_annotated' }, names)).toBe('Liver: not annotated');
    const bar = barAsked({ measure: 'gap_mm', low: 1, high: 1.5, cases: 3 }, ALL);
    expect(listTitle(bar, names)).toBe('1 – 1.5 mm between slices');
    expect(listTitle({ ...ALL }, names)).toBe('All cases');
    expect(listTitle({ source: '?' }, names)).toBe('Data set: not known');
  });
});

describe('a measure', () => {
  it('says how many cases it rests on', () => {
    const row = { measure: 'slices', cases: 2, not_known: 1, least: 40, median: 100.5, most: 161 };
    expect(measureWords(row)).toBe('n = 2 cases: 40 to 161, median 100.5. Not known of 1 case.');
    expect(measureWords({ ...row, least: null, median: null, most: null })).toBe('Known of no case.');
  });
});

describe('structures', () => {
  it('are a share of the way to their goal', () => {
    expect(progress(STRUCTURE)).toBeNull();
    expect(progress({ pool: 5, goal_cases: 20 })).toBe(25);
    expect(progress({ pool: 30, goal_cases: 20 })).toBe(100);
  });

  it('come by priority, then by what is missing, then by name', () => {
    const rows = [
      { ...STRUCTURE, name: 'C' },
      { ...STRUCTURE, name: 'B', pool: 8, goal_cases: 10 },
      { ...STRUCTURE, name: 'A', pool: 1, goal_cases: 10 },
      { ...STRUCTURE, name: 'D', priority: 1 },
      { ...STRUCTURE, name: 'E', priority: -1, goal_cases: 10 },
    ];
    expect(byNeed(rows).map(({ name }) => name)).toEqual(['D', 'A', 'B', 'C', 'E']);
  });

  it('have a band or one figure beside them', () => {
    expect(publishedWords(STRUCTURE)).toBe('');
    expect(publishedWords({ ...STRUCTURE, published_low: 0.9, published_high: 0.9 })).toBe('0.90');
    expect(publishedWords({ ...STRUCTURE, published_low: 0.71, published_high: 0.77 })).toBe('0.71 – 0.77');
  });
});

describe('a split', () => {
  it('shows what changes', () => {
    const before = { pool: 5, validation: 1, test: 2 };
    expect(changeWords({ before, after: { pool: 3, validation: 1, test: 4 } })).toEqual([
      '3 (−2)',
      '1',
      '4 (+2)',
    ]);
  });

  it('is told in one line', () => {
    expect(
      methodWords({ method: 'random', asked: { test: 0.2, validation: 0.1, stratify: 'site', seed: 3 } }),
    ).toBe('by lot: 10 % validation, 20 % test, alike in every site, seed 3');
    expect(methodWords({ method: 'held_out', asked: { by: 'site', to_test: ['Basel'] } })).toBe(
      'site held out: Basel for the test',
    );
    expect(methodWords({ method: 'chosen', asked: { cases: [1], to: 'pool' } })).toBe(
      '1 case chosen for pool',
    );
  });

  it('takes numbers and ranges', () => {
    expect(numbersOf('3, 7-9;8')).toEqual([3, 7, 8, 9]);
    expect(numbersOf('')).toEqual([]);
    expect(numbersOf('9-7')).toBeNull();
    expect(numbersOf('three')).toBeNull();
    expect(numbersOf('1-999999')).toBeNull();
  });
});
