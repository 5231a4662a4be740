import { useCallback } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../../api';
import { ChartFrame, type Draw, intervalsOf, nameAxis, numberAxis } from '../../../../charts';
import { roundKey } from '../../reading/rounds';
import { type GainChartProps, interval, signed } from './figures';

type Row = DashboardRows['minutes_saved'];

/** Round by round: reads from scratch less reads from the prediction. */
export function SavedChart({ project, onOpen }: GainChartProps) {
  const found = useRows(project.id, 'minutes_saved');
  const rows = found.data ?? NONE;
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 170, top: 8, bottom: 40, containLabel: true },
      tooltip: { formatter: (hovered) => (Array.isArray(hovered) ? '' : hovered.name) },
      xAxis: numberAxis(palette, { name: 'active minutes saved per read' }),
      yAxis: nameAxis(
        palette,
        rows.map(({ round }) => `model ${round}`),
      ),
      series: [
        intervalsOf(
          rows.map((row, place) => ({
            row: place,
            estimate: row.saved ?? 0,
            low: row.low,
            high: row.high,
            colour: palette.series[0] ?? palette.accent,
            words: words(row),
            open: roundKey(row),
            title: `model ${row.round}: ${words(row)}, n = ${row.reads} reads, ${row.scratch_reads} from scratch`,
          })),
          palette,
        ),
        {
          type: 'line',
          data: [],
          markLine: {
            silent: true,
            symbol: 'none',
            data: [{ xAxis: 0 }],
            lineStyle: { color: palette.muted, type: 'solid' },
            label: { show: false },
          },
        },
      ],
    }),
    [rows],
  );
  return (
    <ChartFrame
      question="How many minutes does the model save?"
      caption={`Mean of reads from scratch (n = ${rows[0]?.scratch_reads ?? 0}) less that of each round; difference of means with Welch’s 95 % CI: other reads of these readers. Readers and cases of the two can differ.`}
      height={Math.max(120, rows.length * 34 + 56)}
      draw={draw}
      name="minutes-saved"
      rows={(form) => rowsAddress(project.id, 'minutes_saved', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Round', 'From scratch, min', 'Round, min', 'Saved, min (95 % CI)', 'n'],
        rows: rows.map((row) => ({
          cells: [
            `model ${row.round}`,
            row.scratch_minutes === null ? '—' : row.scratch_minutes.toFixed(1),
            row.minutes.toFixed(1),
            row.saved === null ? '—' : words(row),
            `${row.reads} / ${row.scratch_reads}`,
          ],
          open: roundKey(row),
        })),
      }}
      empty={found.data === undefined ? null : emptyWords(rows)}
    />
  );
}

const NONE: readonly Row[] = [];

function words(row: Row): string {
  return `${signed(row.saved ?? 0, 1)} min${interval(row.low, row.high, (one) => signed(one, 1))}`;
}

function emptyWords(rows: readonly Row[]): string | null {
  const [first] = rows;
  if (first === undefined) {
    return 'No read began from a prediction yet.';
  }
  return first.saved === null ? first.reason : null;
}
