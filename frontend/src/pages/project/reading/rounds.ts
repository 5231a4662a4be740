/** Time and effort by what reads began from: the same chart for every quantity. */

import type { DashboardRows } from '../../../api';
import { type ChartOption, intervalsOf, nameAxis, numberAxis, type Palette } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';

export type Round = DashboardRows['rounds'];

export function roundsOption(
  rows: readonly Round[],
  names: readonly string[],
  given: {
    name: string;
    words: (row: Round) => string;
    second?: readonly Round[];
    /** What a mark opens; without it marks are only looked at. */
    open?: (row: Round) => string;
  },
  palette: Palette,
): ChartOption {
  const opened = (row: Round) => (given.open === undefined ? {} : { open: given.open(row) });
  return {
    grid: { left: 8, right: 150, top: 8, bottom: 40, containLabel: true },
    tooltip: { formatter: (hovered) => (Array.isArray(hovered) ? '' : hovered.name) },
    xAxis: numberAxis(palette, { name: given.name, min: 0 }),
    yAxis: nameAxis(palette, names),
    series: [
      intervalsOf(
        rows.map((row) => ({
          row: names.indexOf(row.label),
          estimate: row.mean,
          low: row.low,
          high: row.high,
          colour: palette.series[0] ?? palette.accent,
          words: given.words(row),
          ...opened(row),
          title: `${row.label}: ${given.words(row)}, n = ${row.reads} reads`,
        })),
        palette,
      ),
      intervalsOf(
        (given.second ?? []).map((row) => ({
          row: names.indexOf(row.label),
          estimate: row.mean,
          low: row.low,
          high: row.high,
          colour: palette.muted,
          isDiamond: true,
          ...opened(row),
          title: `${row.label}: ${given.words(row)}, n = ${row.reads} reads`,
        })),
        palette,
      ),
    ],
  };
}

export function roundKey({ starts }: Pick<Round, 'starts'>): string {
  return casesKey('read_cases', { starts });
}

/** The starting points, from scratch first, then model by model. */
export function labels(rows: readonly Round[]): readonly string[] {
  return [...new Set(rows.map((row) => row.label))];
}

export function only(rows: readonly Round[] | undefined, quantity: string): readonly Round[] {
  return (rows ?? []).filter((row) => row.quantity === quantity);
}

export function bounds(row: Round, digits: number): string {
  const interval =
    row.low === null || row.high === null ? '' : ` (${row.low.toFixed(digits)}–${row.high.toFixed(digits)})`;
  return `${row.mean.toFixed(digits)}${interval}`;
}
