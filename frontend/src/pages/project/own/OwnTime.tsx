import type { OwnReading } from '../../../api';
import { ChartFrame, type Draw } from '../../../charts';
import { bounds, labels, only, roundsOption } from '../reading/rounds';
import { csvOf } from './csv';

export function OwnTime({ own }: { readonly own: OwnReading }) {
  const rows = only(own.rounds, 'active_min');
  const draw: Draw = (palette) =>
    roundsOption(
      rows,
      labels(rows),
      { name: 'minutes per read', words: (row) => `${bounds(row, 1)} min` },
      palette,
    );
  const columns = ['Reads', 'Active, min (95 % CI)', 'n'];
  const cells = rows.map((row) => [row.label, bounds(row, 1), String(row.reads)]);
  return (
    <ChartFrame
      question="How long does a read take me?"
      caption={`Active time; n = ${rows.reduce((sum, row) => sum + row.reads, 0)} reads, 95 % CI.`}
      height={Math.max(140, rows.length * 34 + 56)}
      draw={draw}
      name="my-time"
      rows={csvOf(columns, cells)}
      table={{ columns, rows: cells.map((row) => ({ cells: row })) }}
      empty={rows.length === 0 ? 'No read is handed in yet.' : null}
    />
  );
}
