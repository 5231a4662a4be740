import { Select } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { type DashboardQuery, type DashboardRows, rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, numberAxis, type Palette } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { Choice } from './AgreementTab';
import classes from './VolumesChart.module.css';

type Limits = DashboardRows['volume_limits'];
type Point = DashboardRows['volume_points'];

interface Reader {
  readonly id: number;
  readonly name: string;
}

/** Bland and Altman: the difference of two readers' volumes over their mean. */
export function VolumesChart({ project, starts, structure, label, onOpen }: Choice) {
  const pairs = useRows(project.id, 'pairs', { structure, metric: 'dice' });
  const readers = useMemo(() => readersIn(pairs.data ?? [], starts), [pairs.data, starts]);
  const [first, setFirst] = useState<string | null>(null);
  const [second, setSecond] = useState<string | null>(null);
  const a = readers.find(({ id }) => String(id) === first) ?? readers[0];
  const b =
    readers.find(({ id }) => String(id) === second && id !== a?.id) ?? readers.find((one) => one !== a);
  const query: DashboardQuery | null =
    a === undefined || b === undefined ? null : { structure, reader: a.id, other: b.id };
  const points = useRows(project.id, 'volume_points', query);
  const limits = useRows(project.id, 'volume_limits', query);
  const mine = useMemo(
    () => (points.data ?? []).filter((row) => row.starts === starts),
    [points.data, starts],
  );
  const lines = useMemo(
    () => (limits.data ?? []).filter((row) => row.starts === starts),
    [limits.data, starts],
  );
  const draw: Draw = useCallback((palette) => option(mine, lines, palette), [mine, lines]);
  const name = project.structures.find(({ key }) => key === structure)?.name ?? structure;
  const choices = readers.map(({ id, name: words }) => ({ value: String(id), label: words }));
  return (
    <ChartFrame
      question={`Do two readers draw ${name} equally large?`}
      caption={caption(lines, mine, label)}
      height={300}
      draw={draw}
      name={`volumes-${structure}`}
      rows={(form) => rowsAddress(project.id, 'volume_points', query ?? {}, form)}
      onOpen={onOpen}
      controls={
        a !== undefined &&
        b !== undefined && (
          <span className={classes.readers}>
            <Select
              aria-label="First reader"
              size="xs"
              w={132}
              data={choices}
              value={String(a.id)}
              onChange={setFirst}
              allowDeselect={false}
            />
            −
            <Select
              aria-label="Second reader"
              size="xs"
              w={132}
              data={choices.filter(({ value }) => value !== String(a.id))}
              value={String(b.id)}
              onChange={setSecond}
              allowDeselect={false}
            />
          </span>
        )
      }
      table={{
        columns: ['Case', 'Mean, mL', 'Difference, mL'],
        rows: mine.map((row) => ({
          cells: [String(row.case_id), row.mean_ml.toFixed(1), row.difference_ml.toFixed(1)],
          open: casesKey('pool_cases', { ids: row.case_id }),
        })),
      }}
      empty={emptyWords(readers, points.data, mine)}
    />
  );
}

function emptyWords(
  readers: readonly Reader[],
  points: readonly Point[] | undefined,
  mine: readonly Point[],
): string | null {
  if (readers.length < 2) {
    return 'Two readers of the same cases are needed. Plan calibration or double reads under Plan.';
  }
  return points !== undefined && mine.length === 0
    ? 'These two have no case in common from this start.'
    : null;
}

function readersIn(pairs: readonly DashboardRows['pairs'][], starts: string): readonly Reader[] {
  const found = new Map<number, string>();
  for (const pair of pairs.filter((one) => one.starts === starts && one.reader_a_id !== one.reader_b_id)) {
    found.set(pair.reader_a_id, pair.reader_a);
    found.set(pair.reader_b_id, pair.reader_b);
  }
  return [...found].map(([id, name]) => ({ id, name })).sort((a, b) => a.name.localeCompare(b.name));
}

function option(points: readonly Point[], lines: readonly Limits[], palette: Palette) {
  const known = lines.flatMap((line) =>
    line.estimate === null ? [] : [{ ...line, estimate: line.estimate }],
  );
  const all = [
    0,
    ...points.map((point) => point.difference_ml),
    ...known.flatMap(({ estimate, low, high }) => [estimate, low ?? estimate, high ?? estimate]),
  ];
  const least = Math.min(...all);
  const most = Math.max(...all);
  const room = 0.05 * (most - least || 1);
  const range = { min: Math.floor(least - room), max: Math.ceil(most + room) };
  return {
    grid: { left: 40, right: 132, top: 16, bottom: 40, containLabel: true },
    xAxis: { ...numberAxis(palette, { name: 'mean of the two volumes, mL' }), axisLine: { onZero: false } },
    yAxis: {
      ...numberAxis(palette, { name: 'difference, mL', ...range, hasRoundEnds: false }),
      nameGap: 48,
    },
    series: {
      type: 'scatter' as const,
      symbolSize: points.length > 300 ? 4 : 7,
      data: points.map((point) => ({
        value: [point.mean_ml, point.difference_ml],
        open: casesKey('pool_cases', { ids: point.case_id }),
      })),
      itemStyle: { color: palette.series[0] ?? palette.accent, opacity: 0.75 },
      markLine: {
        silent: true,
        symbol: 'none',
        data: known.map((line) => ({
          yAxis: line.estimate,
          lineStyle: {
            color: palette.text,
            type: line.line === 'bias' ? ('solid' as const) : ('dashed' as const),
          },
          label: { formatter: lineWords(line), color: palette.text, position: 'end' as const },
        })),
      },
      markArea: {
        silent: true,
        itemStyle: { color: palette.band, opacity: 0.6 },
        data: known
          .filter((line) => line.low !== null && line.high !== null)
          .map((line): [{ yAxis: number }, { yAxis: number }] => [
            { yAxis: line.low ?? line.estimate },
            { yAxis: line.high ?? line.estimate },
          ]),
      },
    },
  };
}

function lineWords(line: { readonly line: string; readonly estimate: number }): string {
  const words = { bias: 'bias', lower: 'lower limit', upper: 'upper limit' }[line.line] ?? line.line;
  return `${words} ${line.estimate.toFixed(1).replace('-', '−')} mL`;
}

function caption(lines: readonly Limits[], points: readonly Point[], label: string): string {
  const [line] = lines;
  if (line === undefined) {
    return '';
  }
  const thinned = line.points < line.cases ? ` ${points.length} of them are drawn.` : '';
  return `${line.first} − ${line.second}, reads ${label}; n = ${line.cases} cases.${thinned} Lines: bias and 95 % limits of agreement; grey: their 95 % CI.`;
}
