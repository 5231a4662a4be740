/** What the section's charts share: rows by structure, and how their figures are written. */

import type { DashboardRows, Project } from '../../../../api';
import { casesKey } from '../../behind/CasesBehind';

export type Point = DashboardRows['learning_points'];
export type Place = DashboardRows['learning_curves'];
export type Forecast = DashboardRows['learning_forecasts'];

export interface GainChartProps {
  readonly project: Project;
  readonly onOpen: (key: string) => void;
}

export type Metric = 'dice' | 'surface_dice';

export const METRICS: readonly { readonly value: Metric; readonly label: string }[] = [
  { value: 'dice', label: 'Dice' },
  { value: 'surface_dice', label: 'surface Dice' },
];

/** The key that stands for all structures together is empty. */
export function nameOf({ structures }: Project, key: string): string {
  return key === '' ? 'All structures' : (structures.find((one) => one.key === key)?.name ?? key);
}

export function testedKey(version: number, structure: string): string {
  return casesKey('tested_cases', { model: version, ...(structure === '' ? {} : { structure }) });
}

/** With a true minus sign, as in print. */
export function signed(value: number, digits: number): string {
  const text = Math.abs(value).toFixed(digits);
  return Number(text) === 0 ? text : `${value > 0 ? '+' : '−'}${text}`;
}

export function interval(low: number | null, high: number | null, write: (value: number) => string): string {
  if (low === null) {
    return '';
  }
  return high === null ? ` (at least ${write(low)})` : ` (${write(low)} to ${write(high)})`;
}

/** What a curve rests on, and what its band covers. */
export function basis(row: Forecast | undefined): string {
  if (row === undefined) {
    return '';
  }
  const newer =
    row.newer_tests === 0
      ? ''
      : ` ${row.newer_tests} newer test cases are left out: too few models met them.`;
  const left = row.left_out === 0 ? '' : ` ${row.left_out} models are left out (the files say why).`;
  return `n = ${row.models} models of ${row.sizes} sizes on the same ${row.test_cases} test cases.${left}${newer}`;
}
