import { describe, expect, it } from 'vitest';
import type { FoundPatient } from '../../../api';
import { fill, goes, share, stays } from './words';

const STORAGE = { limit: null, scans: 2_000_000_000, models: 0, exports: 500_000_000, uploads: 0 };

const FOUND: FoundPatient = {
  cases: [{ number: 7, name: 'a', split: 'pool', state: 'ready' }],
  counts: {
    reads: 1,
    revisions: 3,
    scan_bytes: 0,
    export_bytes: 0,
    frozen_sets: 0,
    drawn_from: 0,
    uploads: 0,
    pictures: 0,
  },
  exports: [],
  models: [],
  in_the_way: [],
};

describe('how full a project is', () => {
  it('is said without a limit', () => {
    expect(fill(STORAGE)).toBe('2.5 GB, no limit');
    expect(share(STORAGE)).toBe(0);
  });

  it('is said of its limit, and never more than all of it', () => {
    expect(fill({ ...STORAGE, limit: 10_000_000_000 })).toBe('2.5 GB of 10 GB');
    expect(share({ ...STORAGE, limit: 10_000_000_000 })).toBe(25);
    expect(share({ ...STORAGE, limit: 1_000_000_000 })).toBe(100);
  });
});

describe('what a deletion takes and leaves', () => {
  it('says little where there is little', () => {
    expect(goes(FOUND)).toEqual([
      'Case 7 with its image.',
      '1 read with 3 revisions, all pins, reviews and scores.',
    ]);
    const always = stays(FOUND);
    expect(always).toHaveLength(2);
    expect(always[0]).toMatch(/^Backups hold the patient until they are removed/);
    expect(always[1]).toBe('What people downloaded is with them.');
  });

  it('names what was not searched', () => {
    const left = stays({ ...FOUND, counts: { ...FOUND.counts, uploads: 2, pictures: 1 } });
    expect(left[0]).toMatch(/^Not searched: 2 uploads not imported yet\./);
    expect(left[1]).toBe('Not searched: 1 picture of the guideline. Look through it yourself.');
  });

  it('names exports and models', () => {
    const more: FoundPatient = {
      ...FOUND,
      counts: { ...FOUND.counts, export_bytes: 4_200_000, frozen_sets: 2 },
      exports: [{ id: 1, created_at: '2026-01-01T00:00:00Z', requested_by: 'lea' }],
      models: [
        { version: 2, state: 'serving', through: null },
        { version: 3, state: 'candidate', through: 2 },
      ],
    };
    expect(goes(more)).toContain('1 export with the patient (4.2 MB), also what else is in it.');
    expect(stays(more)[0]).toMatch(/^Models 2, 3 learned from the patient\. They are not deleted/);
    expect(stays(more)[1]).toBe('A mark without data stays in 2 frozen sets.');
  });
});
