/** Grades of acceptability in words. */

import type { DashboardRows } from '../../../api';

type Row = DashboardRows['acceptability'];

/** How many of each, from 1 to 5. */
export function gradesOf(row: Row): readonly number[] {
  return [row.grade_1, row.grade_2, row.grade_3, row.grade_4, row.grade_5];
}

/** `83 % (61–94)`. */
export function shareWords({ share, share_low: low, share_high: high }: Row): string {
  const percent = (value: number): string => (100 * value).toFixed(0);
  return `${percent(share)} % (${percent(low)}–${percent(high)})`;
}
