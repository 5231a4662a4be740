/** What the gate compared, as lines of a chart and rows of a table. */

import type { GateFigures, GateMeasure } from '../../../../api';
import { signed } from '../../../words';

type Difference = GateMeasure['structures'][string];
export type Standing = 'worse' | 'doubtful' | 'kept';

export interface Line {
  readonly structure: string;
  readonly name: string;
  readonly measure: 'Dice' | 'surface Dice';
  readonly difference: Difference;
  readonly standing: Standing;
}

export const STANDING: Readonly<Record<Standing, string>> = {
  worse: 'worse than the margin allows',
  doubtful: 'below the margin; chance may explain it',
  kept: '',
};

/** All structures first, then each, the greatest loss of either measure first; both measures side by side. */
export function linesOf(figures: GateFigures, names: ReadonlyMap<string, string>): readonly Line[] {
  const keys = [
    ...new Set([figures.dice, figures.surface_dice].flatMap((one) => Object.keys(one.structures))),
  ];
  const least = (key: string): number =>
    Math.min(
      figures.dice.structures[key]?.mean ?? 0,
      figures.surface_dice.structures[key]?.mean ?? Number.POSITIVE_INFINITY,
    );
  const ordered = keys.sort((one, other) => least(one) - least(other) || one.localeCompare(other));
  return ['', ...ordered].flatMap((structure) => [
    ...lineOf(figures.dice, 'Dice', structure, names),
    ...lineOf(figures.surface_dice, 'surface Dice', structure, names),
  ]);
}

function lineOf(
  found: GateMeasure,
  measure: Line['measure'],
  structure: string,
  names: ReadonlyMap<string, string>,
): readonly Line[] {
  const difference = structure === '' ? found.overall : found.structures[structure];
  if (difference === null || difference === undefined) {
    return [];
  }
  const standing = found.worse.includes(structure)
    ? 'worse'
    : found.doubtful.includes(structure)
      ? 'doubtful'
      : 'kept';
  const name = structure === '' ? 'All structures' : (names.get(structure) ?? structure);
  return [{ structure, name, measure, difference, standing }];
}

/** `+0.012 (95 % CI −0.003…+0.027)`, as the gate's sentence says it. */
export function differenceWords({ mean, low, high }: Difference): string {
  return `${plus(mean)} (95 % CI ${plus(low)}…${plus(high)})`;
}

function plus(value: number): string {
  const text = signed(value, 3);
  if (/^−?0\.000$/.test(text)) {
    return '0.000';
  }
  return value > 0 ? `+${text}` : text;
}

/** Round ends around all intervals, zero and the margin. */
export function endsOf(
  lines: readonly Line[],
  margin: number,
): { readonly min: number; readonly max: number } {
  const values = lines.flatMap(({ difference }) => [difference.low, difference.high]);
  const low = Math.min(-margin, 0, ...values);
  const high = Math.max(margin, 0, ...values);
  const step = high - low > 0.5 ? 0.1 : high - low > 0.1 ? 0.05 : 0.01;
  const round = (value: number): number => Number(value.toFixed(3));
  return { min: round(Math.floor(low / step) * step), max: round(Math.ceil(high / step) * step) };
}
