import { SegmentedControl } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, numberAxis, type Palette } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { ReadingChartProps } from './ReadingTab';

type Row = DashboardRows['drift'];
type State = DashboardRows['drift_states'];

const KINDS: Readonly<Record<string, string>> = { gold: 'the known answer', review: 'what review accepted' };
const HEIGHT = 130;

/** One strip for each reader: the average must stay above the limit. */
export function DriftChart({ project, onOpen }: ReadingChartProps) {
  const rows = useRows(project.id, 'drift');
  const states = useRows(project.id, 'drift_states');
  const kinds = useMemo(() => [...new Set((states.data ?? []).map((row) => row.kind))], [states.data]);
  const [chosen, setChosen] = useState('');
  const kind = kinds.includes(chosen) ? chosen : (kinds[0] ?? 'gold');
  const charts = useMemo(() => chartsOf(rows.data ?? [], kind), [rows.data, kind]);
  const draw: Draw = useCallback((palette, width) => option(charts, palette, width), [charts]);
  const waiting = (states.data ?? []).filter((row) => row.kind === kind && row.reason !== '');
  return (
    <ChartFrame
      question="Is any reader drifting?"
      caption={caption(charts, waiting, kind)}
      height={HEIGHT * Math.max(1, Math.ceil(charts.length / 2)) + 20}
      draw={draw}
      name={`drift-${kind}`}
      rows={(form) => rowsAddress(project.id, 'drift', {}, form)}
      onOpen={onOpen}
      controls={
        kinds.length > 1 && (
          <SegmentedControl
            size="xs"
            aria-label="Compared with"
            value={kind}
            onChange={setChosen}
            data={kinds.map((value) => ({ value, label: `against ${KINDS[value] ?? value}` }))}
          />
        )
      }
      table={{
        columns: ['Reader', 'Read', 'Day', 'Dice above usual', 'Average, SD', 'Limit, SD', 'Alarm'],
        rows: charts.flatMap(({ rows: points }) =>
          points.map((row) => ({
            cells: [
              row.reader,
              String(row.place),
              row.at.slice(0, 10),
              row.value.toFixed(3),
              row.ewma.toFixed(2),
              row.limit.toFixed(2),
              row.alarm ? 'alarm' : '',
            ],
            open: casesKey('pool_cases', { ids: row.case_id }),
          })),
        ),
      }}
      empty={
        rows.data !== undefined && states.data !== undefined && charts.length === 0
          ? emptyWords(waiting)
          : null
      }
    />
  );
}

function emptyWords(waiting: readonly State[]): string {
  return (
    waiting[0]?.reason ??
    'A chart follows reads of gold cases, or reads that were reviewed. Choose gold cases under Plan, or review what is handed in.'
  );
}

interface ReaderChart {
  readonly title: string;
  readonly rows: readonly Row[];
}

function chartsOf(rows: readonly Row[], kind: string): readonly ReaderChart[] {
  const found = new Map<string, Row[]>();
  for (const row of rows.filter((one) => one.kind === kind)) {
    const title = row.start === 'prediction' ? row.reader : `${row.reader}, from ${row.start}`;
    found.set(title, [...(found.get(title) ?? []), row]);
  }
  return [...found]
    .map(([title, points]) => ({ title, rows: points }))
    .sort((a, b) => a.title.localeCompare(b.title));
}

function option(charts: readonly ReaderChart[], palette: Palette, width: number) {
  const column = width / 2;
  const values = charts.flatMap(({ rows }) => rows.flatMap((row) => [row.ewma, row.limit]));
  const step = Math.max(1, Math.ceil((Math.max(1, ...values) - Math.min(-1, ...values)) / 3));
  const low = step * Math.floor(Math.min(-1, ...values) / step);
  const high = step * Math.ceil(Math.max(1, ...values) / step);
  const longest = Math.max(1, ...charts.map(({ rows }) => rows.length));
  return {
    grid: charts.map((_, place) => ({
      left: (place % 2) * column + 44,
      top: Math.floor(place / 2) * HEIGHT + 24,
      width: column - 70,
      height: HEIGHT - 56,
    })),
    xAxis: charts.map((_, place) => ({
      ...numberAxis(palette, { name: '', min: 0, max: longest + 1 }),
      gridIndex: place,
      minInterval: 1,
      axisLine: { onZero: false },
      splitLine: { show: false },
    })),
    yAxis: charts.map(({ title }, place) => ({
      ...numberAxis(palette, { name: title, min: low, max: high }),
      nameLocation: 'end' as const,
      nameGap: 8,
      nameTextStyle: { color: palette.text, fontWeight: 600 as const, align: 'left' as const },
      gridIndex: place,
      interval: step,
    })),
    series: charts.map(({ rows }, place) => ({
      type: 'line' as const,
      xAxisIndex: place,
      yAxisIndex: place,
      symbolSize: 6,
      lineStyle: { color: palette.series[0] ?? palette.accent, width: 1.5 },
      data: rows.map((row) => ({
        value: [row.place, row.ewma],
        open: casesKey('pool_cases', { ids: row.case_id }),
        symbol: row.alarm ? 'diamond' : 'circle',
        symbolSize: row.alarm ? 12 : 6,
        itemStyle: { color: row.alarm ? palette.loss : (palette.series[0] ?? palette.accent) },
        label: { show: row.alarm, formatter: 'alarm', color: palette.loss, position: 'top' as const },
      })),
      markLine: {
        silent: true,
        symbol: 'none',
        data: [
          {
            yAxis: rows[0]?.limit ?? 0,
            lineStyle: { color: palette.loss, type: 'dashed' as const },
            label: { formatter: 'limit', color: palette.muted, position: 'insideEndBottom' as const },
          },
        ],
      },
    })),
  };
}

function caption(charts: readonly ReaderChart[], waiting: readonly State[], kind: string): string {
  const reads = charts.reduce((sum, chart) => sum + chart.rows.length, 0);
  const alarms = charts.reduce((sum, chart) => sum + chart.rows.filter((row) => row.alarm).length, 0);
  const rest = waiting.length === 0 ? '' : ` Not yet: ${waiting.map((row) => row.reader).join(', ')}.`;
  return (
    `Dice against ${KINDS[kind] ?? kind}, read by read: exponentially weighted average in SDs of the reader’s first 15 reads ` +
    `(EWMA, λ = 0.2, one-sided, limit widened for that baseline). n = ${reads} reads, ${alarms} ${alarms === 1 ? 'alarm' : 'alarms'}.${rest}`
  );
}
