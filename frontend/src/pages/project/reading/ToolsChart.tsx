import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, nameAxis, numberAxis } from '../../../charts';
import type { ReadingChartProps } from './ReadingTab';
import { roundKey } from './rounds';

type Row = DashboardRows['tools'];

const MOST_TOOLS = 8;

export function ToolsChart({ project, onOpen }: ReadingChartProps) {
  const tools = useRows(project.id, 'tools');
  const rows = useMemo(() => tools.data ?? [], [tools.data]);
  const starts = useMemo(() => [...new Set(rows.map((row) => row.label))], [rows]);
  const names = useMemo(() => longest(rows), [rows]);
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 60, top: 8, bottom: 40, containLabel: true },
      xAxis: numberAxis(palette, { name: 'minutes per read', min: 0 }),
      yAxis: nameAxis(
        palette,
        names.map((name) => name.replaceAll('_', ' ')),
      ),
      series: starts.map((label, place) => ({
        type: 'scatter',
        name: label,
        symbol: place === 0 ? 'circle' : place === 1 ? 'diamond' : 'triangle',
        symbolSize: 10,
        itemStyle: { color: palette.series[place % palette.series.length] ?? palette.muted },
        data: rows
          .filter((row) => row.label === label && names.includes(row.tool))
          .map((row) => ({
            value: [row.minutes, names.indexOf(row.tool)],
            open: roundKey(row),
            label: {
              show: row.tool === names[0],
              formatter: label.replace('the prediction of ', ''),
              position: place % 2 === 0 ? ('top' as const) : ('bottom' as const),
              color: palette.text,
            },
          })),
      })),
    }),
    [rows, names, starts],
  );
  const reads = starts.map((label) => rows.find((row) => row.label === label)?.reads ?? 0);
  return (
    <ChartFrame
      question="Where does the time go?"
      caption={`Time with each tool per read; n = ${reads.reduce((sum, one) => sum + one, 0)} reads. Means over all reads alike; no interval is known for shares of one read.`}
      height={Math.max(140, names.length * 30 + 56)}
      draw={draw}
      name="tools"
      rows={(form) => rowsAddress(project.id, 'tools', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Tool', 'Reads', 'Minutes per read', 'Edits per read', 'n'],
        rows: rows.map((row) => ({
          cells: [row.tool, row.label, row.minutes.toFixed(2), row.edits.toFixed(1), String(row.reads)],
          open: roundKey(row),
        })),
      }}
      empty={tools.data !== undefined && rows.length === 0 ? 'No edit is recorded yet.' : null}
    />
  );
}

/** The tools that take longest, by their longest mean. */
function longest(rows: readonly Row[]): readonly string[] {
  const most = new Map<string, number>();
  for (const row of rows) {
    most.set(row.tool, Math.max(most.get(row.tool) ?? 0, row.minutes));
  }
  return [...most]
    .sort(([, a], [, b]) => b - a)
    .slice(0, MOST_TOOLS)
    .map(([tool]) => tool);
}
