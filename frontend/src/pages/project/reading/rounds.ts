/** Time and effort by what reads began from: the same chart for every quantity. */

import type { DashboardRows } from '../../../api';
import { type ChartOption, intervalsOf, nameAxis, numberAxis, type Palette } from '../../../charts';

export type Round = DashboardRows['rounds'];

export function roundsOption(
  rows: readonly Round[],
  names: readonly string[],
  given: { name: string; words: (row: Round) => string; second?: readonly Round[] },
  palette: Palette,
): ChartOption {
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
          title: `${row.label}: ${given.words(row)}, n = ${row.reads} reads`,
        })),
        palette,
      ),
    ],
  };
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
