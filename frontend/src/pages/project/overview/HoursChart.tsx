import { useCallback, useMemo } from 'react';
import type { DashboardRows } from '../../../api';
import { rowsAddress } from '../../../api';
import { ChartFrame, type Draw, numberAxis, spread } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { OverviewChartProps } from './OverviewTab';

type Row = DashboardRows['months'];

const HEIGHT = 220;
const ABOVE = 12;
const BELOW = 54;
/** Of the names at the ends of the lines. */
const LINE = 13;

export function HoursChart({ project, overview, onOpen }: OverviewChartProps) {
  const { months } = overview;
  const readers = useMemo(() => [...new Set(months.map((row) => row.reader))], [months]);
  const draw: Draw = useCallback(
    (palette) => {
      const names = [...new Set(months.map((row) => row.month))].sort();
      const most = roundUp(Math.max(...months.map((row) => row.active_hours)));
      const ends = readers.map((reader) => endOf(months, reader) / most);
      const shifts = shiftsOf(ends);
      return {
        grid: { left: 44, right: 64, top: ABOVE, bottom: BELOW },
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
        yAxis: numberAxis(palette, { name: '', min: 0, max: most, format: (value) => `${value} h` }),
        series: readers.map((reader, place) => {
          // The name has the colour of its line, from which it may have been moved.
          const color = palette.series[place % palette.series.length] ?? palette.muted;
          return {
            type: 'line',
            name: reader,
            data: names.map((month) => markOf(months, reader, month)),
            symbolSize: 6,
            connectNulls: false,
            color,
            endLabel: { show: true, formatter: reader, color, offset: [0, shifts[place] ?? 0] },
          };
        }),
      };
    },
    [months, readers],
  );
  const reads = months.reduce((sum, row) => sum + row.reads, 0);
  return (
    <ChartFrame
      question="How many hours do readers work?"
      caption={`n = ${reads} reads of ${readers.length} readers; active time by the server's clock, without reviews.`}
      height={HEIGHT}
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

/** The end of the axis: 1, 2 or 5 of a power of ten, twice at most what is drawn. */
function roundUp(hours: number): number {
  const power = 10 ** Math.floor(Math.log10(Math.max(hours, 0.1)));
  return ([1, 2, 5].find((times) => times * power >= hours) ?? 10) * power;
}

/** Hours of a reader's newest month. */
function endOf(months: readonly Row[], reader: string): number {
  return months.findLast((row) => row.reader === reader)?.active_hours ?? 0;
}

/** By how many pixels names at such shares of the axis are moved so that none lies over another. */
function shiftsOf(ends: readonly number[]): readonly number[] {
  const tall = HEIGHT - ABOVE - BELOW;
  const places = ends.map((share) => tall * (1 - share));
  return spread(places, LINE, tall).map((moved, place) => moved - (places[place] ?? 0));
}

function keyOf({ reader_id: reader, month }: Row): string {
  return casesKey('read_cases', { reader, month });
}

/** A gap in the line where the reader read nothing. */
function markOf(months: readonly Row[], reader: string, month: string) {
  const row = months.find((one) => one.reader === reader && one.month === month);
  return row === undefined ? null : { value: row.active_hours, open: keyOf(row) };
}
