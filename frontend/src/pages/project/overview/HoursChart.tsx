import { useCallback, useMemo } from 'react';
import type { DashboardRows } from '../../../api';
import { rowsAddress } from '../../../api';
import { ChartFrame, type Draw, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { OverviewChartProps } from './OverviewTab';

type Row = DashboardRows['months'];

export function HoursChart({ project, overview, onOpen }: OverviewChartProps) {
  const { months } = overview;
  const readers = useMemo(() => [...new Set(months.map((row) => row.reader))], [months]);
  const draw: Draw = useCallback(
    (palette) => {
      const names = [...new Set(months.map((row) => row.month))].sort();
      return {
        grid: { left: 8, right: 64, top: 12, bottom: 34, containLabel: true },
        tooltip: { trigger: 'axis', valueFormatter: (value) => `${Number(value).toFixed(1)} h` },
        xAxis: {
          type: 'category',
          data: names.map((month) => month.slice(0, 7)),
          name: 'month',
          nameLocation: 'middle',
          nameGap: 26,
          nameTextStyle: { color: palette.muted },
          axisLabel: { color: palette.muted },
          axisLine: { lineStyle: { color: palette.line } },
          axisTick: { show: false },
        },
        yAxis: numberAxis(palette, { name: '', min: 0, format: (value) => `${value} h` }),
        series: readers.map((reader, place) => ({
          type: 'line',
          name: reader,
          data: names.map((month) => markOf(months, reader, month)),
          symbolSize: 6,
          connectNulls: false,
          color: palette.series[place % palette.series.length] ?? palette.muted,
          endLabel: { show: true, formatter: reader, color: palette.text },
          labelLayout: { moveOverlap: 'shiftY' },
        })),
      };
    },
    [months, readers],
  );
  const reads = months.reduce((sum, row) => sum + row.reads, 0);
  return (
    <ChartFrame
      question="How many hours do readers work?"
      caption={`n = ${reads} reads of ${readers.length} readers; active time by the server's clock, without reviews.`}
      height={220}
      draw={draw}
      name="months"
      rows={(form) => rowsAddress(project, 'months', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Month', 'Reader', 'Reads', 'Active, h', 'Idle, h'],
        rows: months.map((row) => ({
          cells: [
            row.month.slice(0, 7),
            row.reader,
            String(row.reads),
            row.active_hours.toFixed(1),
            row.idle_hours.toFixed(1),
          ],
          open: keyOf(row),
        })),
      }}
      empty={months.length === 0 ? 'No read is handed in yet.' : null}
    />
  );
}

function keyOf({ reader_id: reader, month }: Row): string {
  return casesKey('read_cases', { reader, month });
}

/** A gap in the line where the reader read nothing. */
function markOf(months: readonly Row[], reader: string, month: string) {
  const row = months.find((one) => one.reader === reader && one.month === month);
  return row === undefined ? null : { value: row.active_hours, open: keyOf(row) };
}
