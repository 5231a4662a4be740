import { useCallback, useMemo } from 'react';
import { rowsAddress, useRows } from '../../../../api';
import {
  ChartFrame,
  type ChartOption,
  type Draw,
  intervalsOf,
  nameAxis,
  numberAxis,
  type Palette,
} from '../../../../charts';
import { basis, type Forecast, type GainChartProps, interval, nameOf, signed, testedKey } from './figures';
import classes from './GainSection.module.css';

const whole = (value: number): string => value.toFixed(0);

function useForecasts(project: number) {
  const found = useRows(project, 'learning_forecasts', { metric: 'dice' });
  return {
    isThere: found.data !== undefined,
    rows: found.data ?? [],
    overall: found.data?.find(({ structure }) => structure === ''),
  };
}

interface Bars {
  readonly row: Forecast;
  readonly name: string;
  readonly estimate: number;
  readonly low: number | null;
  readonly high: number | null;
  readonly words: string;
}

function optionOf(bars: readonly Bars[], axis: string, palette: Palette): ChartOption {
  return {
    grid: { left: 8, right: 190, top: 8, bottom: 40, containLabel: true },
    tooltip: { formatter: (hovered) => (Array.isArray(hovered) ? '' : hovered.name) },
    xAxis: numberAxis(palette, { name: axis, min: 0 }),
    yAxis: nameAxis(
      palette,
      bars.map(({ name }) => name),
    ),
    series: [
      intervalsOf(
        bars.map(({ row, name, words, ...figures }, place) => ({
          ...figures,
          row: place,
          colour: palette.series[0] ?? palette.accent,
          words,
          open: testedKey(row.newest ?? 0, row.structure),
          title: row.sentence === '' ? `${name}: ${words}` : row.sentence,
        })),
        palette,
      ),
    ],
  };
}

/** What each goal costs, in cases and hours. */
export function GoalsChart({ project, onOpen }: GainChartProps) {
  const { rows, overall, isThere } = useForecasts(project.id);
  const wanted = rows.filter(({ goal }) => goal !== null);
  const bars = useMemo(
    () =>
      rows.flatMap((row) =>
        row.more === null || row.goal === null
          ? []
          : [
              {
                row,
                name: `${nameOf(project, row.structure)} ${row.goal.toFixed(2)}`,
                estimate: row.more,
                low: row.more_low,
                high: row.more_high,
                words: `${row.more}${interval(row.more_low, row.more_high, whole)}${hours(row)}`,
              },
            ],
      ),
    [rows, project],
  );
  const draw: Draw = useCallback((palette) => optionOf(bars, 'more accepted cases', palette), [bars]);
  const minutes = overall?.minutes_per_case ?? null;
  const cost =
    minutes === null
      ? ' Hours are not known: no accepted case was read or reviewed here.'
      : ` Hours: median of the newest accepted cases, ${minutes.toFixed(0)} min each with its reviews.`;
  return (
    <>
      <ChartFrame
        question="How many more cases does each goal take?"
        caption={`From the ${overall?.now ?? 0} accepted cases on; 95 % intervals: other test cases. ${basis(overall)}${cost}`}
        height={Math.max(120, bars.length * 34 + 56)}
        draw={draw}
        name="goals"
        rows={(form) => rowsAddress(project.id, 'learning_forecasts', { metric: 'dice' }, form)}
        onOpen={onOpen}
        table={{
          columns: ['Structure', 'Goal', 'Forecast'],
          rows: wanted.map((row) => ({
            cells: [
              nameOf(project, row.structure),
              (row.goal ?? 0).toFixed(2),
              row.sentence === '' ? row.reason : row.sentence,
            ],
            ...(row.newest === null ? {} : { open: testedKey(row.newest, row.structure) }),
          })),
        }}
        empty={isThere && bars.length === 0 ? emptyWords(wanted) : null}
      />
      <Sentences rows={bars.length === 0 ? [] : wanted} />
    </>
  );
}

function hours({ hours: found }: Forecast): string {
  return found === null || found === 0 ? '' : `, ${found < 10 ? found.toFixed(1) : found.toFixed(0)} h`;
}

function emptyWords(wanted: readonly Forecast[]): string {
  const [first] = wanted;
  if (first === undefined) {
    return 'No structure has a goal yet: set one under Policy.';
  }
  return (
    wanted.map((row) => (row.sentence === '' ? row.reason : row.sentence)).find((one) => one !== '') ?? ''
  );
}

function Sentences({ rows }: { readonly rows: readonly Forecast[] }) {
  const told = rows.filter(({ sentence }) => sentence !== '');
  return told.length === 0 ? null : (
    <ul className={classes.sentences} aria-label="Forecasts in words">
      {told.map(({ structure, sentence }) => (
        <li key={structure}>{sentence}</li>
      ))}
    </ul>
  );
}

/** What the next ten cases are expected to add. */
export function NextCasesChart({ project, onOpen }: GainChartProps) {
  const { rows, overall, isThere } = useForecasts(project.id);
  const bars = useMemo(
    () =>
      rows.flatMap((row) =>
        row.gain === null
          ? []
          : [
              {
                row,
                name: nameOf(project, row.structure),
                estimate: row.gain,
                low: row.gain_low,
                high: row.gain_high,
                words: `${signed(row.gain, 4)}${interval(row.gain_low, row.gain_high, (one) => signed(one, 4))}`,
              },
            ],
      ),
    [rows, project],
  );
  const draw: Draw = useCallback((palette) => optionOf(bars, 'Dice', palette), [bars]);
  return (
    <ChartFrame
      question="What would ten more cases add?"
      caption={`Growth of the mean test Dice on the fitted curve, from the ${overall?.now ?? 0} accepted cases on; 95 % intervals: other test cases. ${basis(overall)}`}
      height={Math.max(120, bars.length * 26 + 56)}
      draw={draw}
      name="next-cases"
      rows={(form) => rowsAddress(project.id, 'learning_forecasts', { metric: 'dice' }, form)}
      onOpen={onOpen}
      table={{
        columns: ['Structure', 'Gain in Dice (95 % CI)'],
        rows: bars.map(({ row, name, words }) => ({
          cells: [name, words],
          open: testedKey(row.newest ?? 0, row.structure),
        })),
      }}
      empty={isThere && bars.length === 0 ? (overall?.reason ?? '') : null}
    />
  );
}
