/** The metrics that intervals are worked out for. */

import type { DashboardRows } from '../../../api';

export type Metric = 'dice' | 'surface_dice' | 'hd95_mm';

interface MetricWords {
  readonly name: string;
  readonly digits: number;
  readonly axis: string;
}

export const METRICS: Readonly<Record<Metric, MetricWords>> = {
  dice: { name: 'Dice', digits: 3, axis: 'Dice' },
  surface_dice: { name: 'Surface Dice', digits: 3, axis: 'surface Dice at the tolerance of the structure' },
  hd95_mm: { name: 'HD95', digits: 1, axis: '95 % Hausdorff distance, mm' },
};

export function figure(value: number | null | undefined, metric: Metric): string {
  return value === null || value === undefined
    ? '—'
    : value.toFixed(METRICS[metric].digits).replace('-', '−');
}

/** `0.931 (0.921–0.940)` */
export function withInterval(
  given: { readonly estimate: number | null; readonly low: number | null; readonly high: number | null },
  metric: Metric,
): string {
  const { estimate, low, high } = given;
  const interval = low === null || high === null ? '' : ` (${figure(low, metric)}–${figure(high, metric)})`;
  return `${figure(estimate, metric)}${interval}`;
}

export function behindWords(rows: readonly { readonly behind: number }[]): string {
  return rows.some((row) => row.behind > 0) ? ' Newest reads are still being worked in.' : '';
}

export type Mark = DashboardRows['agreement'];
