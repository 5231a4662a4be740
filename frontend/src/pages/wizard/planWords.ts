/** A reliability plan in sentences. */

import type { PlanFigures } from '../../api';

export interface PlanLine {
  readonly figure: string;
  readonly words: string;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

export function planLines(plan: PlanFigures): readonly PlanLine[] {
  return [
    {
      figure: String(plan.calibration_cases),
      words: `calibration cases are read by every reader first, ${percent(plan.scratch_share)} of them from nothing`,
    },
    { figure: percent(plan.double_share), words: 'of a reader’s reads are read by a second reader as well' },
    {
      figure: percent(plan.repeat_share),
      words: `are read again by the same reader, ${plan.washout_days} days later at the earliest`,
    },
    { figure: percent(plan.gold_share), words: 'are cases whose right answer is known' },
    {
      figure: `${percent(plan.review_share_first)} → ${percent(plan.review_share_least)}`,
      words: `are reviewed: fewer, the more of a reader’s last ${plan.review_window} reviews were accepted at once`,
    },
  ];
}
