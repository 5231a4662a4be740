import { describe, expect, it } from 'vitest';
import { caseNumbers, inRuns } from './caseNumbers';
import { changes, draftOf, isSame } from './draft';

const PLAN = {
  calibration_cases: 15,
  scratch_share: 0.5,
  double_share: 0.1,
  repeat_share: 0.05,
  washout_days: 14,
  gold_share: 0.05,
  review_share_first: 1,
  review_share_least: 0.2,
  review_window: 20,
  seed: 7,
};

describe('the draft of a plan', () => {
  it('is no plan while a field is empty', () => {
    expect(draftOf(PLAN, { washout_days: '' })).toBeNull();
    expect(draftOf(PLAN, { washout_days: 21 })).toEqual({ ...PLAN, washout_days: 21 });
  });

  it('is the same after a change and back, whatever the rounding', () => {
    expect(isSame(PLAN, { ...PLAN, double_share: 0.3 / 3 })).toBe(true);
    expect(isSame(PLAN, { ...PLAN, double_share: 0.11 })).toBe(false);
  });

  it('says what changes and what it was', () => {
    expect(changes(PLAN, PLAN)).toEqual([]);
    expect(changes(PLAN, { ...PLAN, gold_share: 0.025 })).toEqual([
      '2.5 % of a reader’s next reads are gold cases (until now 5 %).',
    ]);
  });
});

describe('cases as people write them', () => {
  it('reads numbers and runs', () => {
    expect(caseNumbers(' 7, 3;12 – 14 3')).toEqual([3, 7, 12, 13, 14]);
    expect(caseNumbers('')).toEqual([]);
  });

  it('takes nothing else', () => {
    for (const text of ['a', '0', '5-3', '1-99999', '3,x', '1.5', '-4']) {
      expect(caseNumbers(text)).toBeNull();
    }
  });

  it('writes runs', () => {
    expect(inRuns([14, 3, 12, 13])).toBe('3, 12–14');
  });
});
