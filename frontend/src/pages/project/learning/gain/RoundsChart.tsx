import { SegmentedControl } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { rowsAddress, useRows } from '../../../../api';
import { ChartFrame, type ChartOption, type Draw, numberAxis, type Palette } from '../../../../charts';
import { bounds, only, type Round, roundKey } from '../../reading/rounds';
import type { GainChartProps } from './figures';
import { uprights } from './marks';

const QUANTITIES: Readonly<Record<string, { label: string; axis: string; digits: number; factor: number }>> =
  {
    active_min: { label: 'minutes', axis: 'active minutes per read', digits: 1, factor: 1 },
    moved_share: { label: 'surface moved', axis: '% of the surface moved', digits: 1, factor: 100 },
    changed_voxels: { label: 'voxels', axis: 'voxels changed per read', digits: 0, factor: 1 },
  };
const MINUTES = { label: 'minutes', axis: 'active minutes per read', digits: 1, factor: 1 };

/** The same rows as under Reading, as a curve over the models that pre-annotated. */
export function RoundsChart({ project, onOpen }: GainChartProps) {
  const found = useRows(project.id, 'rounds');
  const [chosen, setChosen] = useState('active_min');
  const quantity = QUANTITIES[chosen] ?? MINUTES;
  const rows = useMemo(
    () => only(found.data, chosen).map((row) => scaled(row, quantity.factor)),
    [found.data, chosen, quantity.factor],
  );
  const rounds = useMemo(() => rows.filter(({ round }) => round !== null), [rows]);
  const scratch = chosen === 'active_min' ? rows.find(({ starts }) => starts === 'scratch') : undefined;
  const draw: Draw = useCallback(
    (palette) => option(rounds, scratch, quantity, palette),
    [rounds, scratch, quantity],
  );
  const reads = rounds.reduce((sum, row) => sum + row.reads, 0);
  return (
    <ChartFrame
      question="Does each round cost less correction?"
      caption={`Mean per read by the model that pre-annotated it; 95 % CI: other reads of these readers. n = ${reads} reads in ${rounds.length} rounds.`}
      height={240}
      draw={draw}
      name={`effort-by-round-${chosen}`}
      rows={(form) => rowsAddress(project.id, 'rounds', {}, form)}
      onOpen={onOpen}
      controls={
        <SegmentedControl
          size="xs"
          aria-label="Quantity by round"
          value={chosen}
          onChange={setChosen}
          data={Object.entries(QUANTITIES).map(([value, { label }]) => ({ value, label }))}
        />
      }
      table={{
        columns: ['Reads', `${quantity.axis} (95 % CI)`, 'n'],
        rows: rows.map((row) => ({
          cells: [row.label, bounds(row, quantity.digits), String(row.reads)],
          open: roundKey(row),
        })),
      }}
      empty={found.data !== undefined && rounds.length === 0 ? 'No read began from a prediction yet.' : null}
    />
  );
}

function scaled(row: Round, factor: number): Round {
  const times = (value: number | null): number | null => (value === null ? null : factor * value);
  return { ...row, mean: factor * row.mean, low: times(row.low), high: times(row.high) };
}

function option(
  rounds: readonly Round[],
  scratch: Round | undefined,
  quantity: { readonly axis: string; readonly digits: number },
  palette: Palette,
): ChartOption {
  const colour = palette.series[0] ?? palette.accent;
  return {
    grid: { left: 28, right: 24, top: 16, bottom: 8, containLabel: true },
    tooltip: { formatter: (hovered) => (Array.isArray(hovered) ? '' : hovered.name) },
    xAxis: {
      type: 'category',
      data: rounds.map(({ round }) => `model ${round}`),
      axisLabel: { color: palette.text, hideOverlap: true },
      axisLine: { lineStyle: { color: palette.line } },
      axisTick: { show: false },
    },
    yAxis: numberAxis(palette, { name: quantity.axis, min: 0 }),
    series: [
      {
        type: 'line',
        silent: true,
        symbol: 'none',
        data: rounds.map(({ mean }) => mean),
        lineStyle: { color: colour, width: 1.5 },
        ...(scratch === undefined
          ? {}
          : {
              markLine: {
                silent: true,
                symbol: 'none',
                data: [{ yAxis: scratch.mean }],
                lineStyle: { color: palette.muted, type: 'dashed' },
                label: {
                  formatter: `from scratch ${scratch.mean.toFixed(1)}`,
                  color: palette.text,
                  position: 'insideEndTop',
                },
              },
            }),
      },
      // What the axis must reach: neither custom marks nor lines across stretch it.
      {
        type: 'scatter',
        silent: true,
        symbolSize: 0,
        data: [
          ...rounds.map((row) => row.high ?? row.mean),
          ...(scratch === undefined ? [] : [scratch.mean]),
        ].map((value) => [0, value]),
      },
      uprights(
        rounds.map((row, x) => ({
          x,
          estimate: row.mean,
          low: row.low,
          high: row.high,
          open: roundKey(row),
          title: `${row.label}: ${bounds(row, quantity.digits)}, n = ${row.reads} reads`,
        })),
        colour,
        palette,
      ),
    ],
  };
}
