import { expect, it } from 'vitest';
import { planLines } from './planWords';

it('says what a plan asks of readers', () => {
  const lines = planLines({
    calibration_cases: 15,
    scratch_share: 0.5,
    double_share: 0.1,
    repeat_share: 0.05,
    washout_days: 14,
    gold_share: 0.05,
    review_share_first: 1,
    review_share_least: 0.2,
    review_window: 20,
    seed: 0,
  });
  expect(lines.map(({ figure }) => figure)).toEqual(['15', '10 %', '5 %', '5 %', '100 % → 20 %']);
  expect(lines[0]?.words).toContain('50 % of them from nothing');
  expect(lines[2]?.words).toContain('14 days later');
  expect(lines[4]?.words).toContain('last 20 reviews');
});
