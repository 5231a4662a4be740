import { describe, expect, it } from 'vitest';
import type { PlanForecast, Requirement, Structure } from '../../../api';
import { requiredRows } from './required';
import { costLines, hours, percent, widthLines } from './words';

const FORECAST: PlanForecast = {
  assumed: {
    cases: 120,
    readers: 3,
    minutes: 10,
    minutes_scratch: 30,
    minutes_measured: false,
    sd_case: 0.03,
    sd_reader: 0.01,
    sd_residual: 0.015,
    icc: 0.85,
  },
  calibration_reads: 24,
  scratch_reads: 12,
  double_reads: 12,
  repeat_reads: 6,
  gold_reads: 6,
  pairs: 36,
  routine_hours: 20,
  reliability_hours: 12,
  mean_dice: 0.028,
  icc: 0.12,
  limits_of_agreement: 1,
  within_reader: 0.75,
  within_each_reader: 2.55,
};

describe('a forecast in words', () => {
  it('shares its hours out among the purposes', () => {
    const [routine, ...extra] = costLines(FORECAST).map((line) => line.hours);
    expect(routine).toBe(20);
    expect(extra.reduce((sum, each) => sum + each, 0)).toBeCloseTo(FORECAST.reliability_hours, 9);
  });

  it('puts widths into intervals', () => {
    const [mean, icc, , within] = widthLines(FORECAST);
    expect(mean?.words).toContain('between 0.872 and 0.928');
    expect(icc?.words).toContain('between 0.73 and 0.97, from 36 pairs');
    expect(within?.words).toContain('too few to tell for a reader alone');
  });

  it('says what is not measured, and why', () => {
    const none = { ...FORECAST, mean_dice: null, icc: null, limits_of_agreement: null, within_reader: null };
    for (const line of widthLines(none)) {
      expect(line.width).toBeNull();
      expect(line.words).toMatch(/^Needs /);
    }
  });

  it('rounds as people do', () => {
    expect([percent(0.025), percent(0.3), hours(0), hours(3.49), hours(33.6)]).toEqual([
      '2.5 %',
      '30 %',
      '0 h',
      '3.5 h',
      '34 h',
    ]);
  });
});

describe('what is required of each structure', () => {
  const structures = ['liver', 'spleen'].map((key) => ({ key, name: key }) as Structure);
  const all: Requirement = { structure: '', metric: 'dice', threshold: 0.9, comparator: 'inter' };
  const own: Requirement = { ...all, structure: 'spleen', threshold: 0.85 };

  it('is its own, or that for all', () => {
    const shown = requiredRows([own, all], structures, true);
    expect(shown.map((row) => [row.structure, row.threshold, row.inherited])).toEqual([
      ['', 0.9, false],
      ['liver', 0.9, true],
      ['spleen', 0.85, false],
    ]);
    expect(requiredRows([own, all], structures, false)).toHaveLength(2);
  });
});
