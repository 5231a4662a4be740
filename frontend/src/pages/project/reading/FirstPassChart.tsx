import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, intervalsOf, nameAxis, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { ReadingChartProps } from './ReadingTab';

type Row = DashboardRows['first_pass'];

export function FirstPassChart({ project, onOpen }: ReadingChartProps) {
  const found = useRows(project.id, 'first_pass');
  const rows = useMemo(() => found.data ?? [], [found.data]);
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 150, top: 8, bottom: 40, containLabel: true },
      tooltip: { formatter: (given) => (Array.isArray(given) ? '' : given.name) },
      xAxis: numberAxis(palette, { name: '% accepted at once as they were', min: 0, max: 100 }),
      yAxis: nameAxis(
        palette,
        rows.map((row) => row.reader),
      ),
      series: intervalsOf(
        rows.map((row, place) => ({
          row: place,
          estimate: 100 * row.share,
          low: 100 * row.low,
          high: 100 * row.high,
          colour: palette.series[0] ?? palette.accent,
          words: `${row.accepted} of ${row.reads}`,
          open: keyOf(row),
          title: `${row.reader}: ${words(row)}`,
        })),
        palette,
      ),
    }),
    [rows],
  );
  return (
    <ChartFrame
      question="How often is a read accepted at once?"
      caption={`First verdict on each read that was reviewed; n = ${rows.reduce((sum, row) => sum + row.reads, 0)} reads; 95 % CI (Wilson).`}
      height={Math.max(140, rows.length * 30 + 56)}
      draw={draw}
      name="first-pass"
      rows={(form) => rowsAddress(project.id, 'first_pass', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Reader', 'Reviewed', 'Accepted', 'Accepted with a fix', 'Returned', '% at once (95 % CI)'],
        rows: rows.map((row) => ({
          cells: [
            row.reader,
            String(row.reads),
            String(row.accepted),
            String(row.fixed),
            String(row.returned),
            percent(row),
          ],
          open: keyOf(row),
        })),
      }}
      empty={found.data !== undefined && rows.length === 0 ? 'No read was reviewed yet.' : null}
    />
  );
}

function keyOf({ reader_id: reader }: Row): string {
  return casesKey('judged_cases', { reader });
}

function percent({ share, low, high }: Row): string {
  return `${(100 * share).toFixed(0)} (${(100 * low).toFixed(0)}–${(100 * high).toFixed(0)})`;
}

function words(row: Row): string {
  return `${percent(row)} %; ${row.accepted} accepted, ${row.fixed} with a fix, ${row.returned} returned`;
}
