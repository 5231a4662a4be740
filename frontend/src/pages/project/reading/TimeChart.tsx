import { useCallback, useMemo } from 'react';
import { rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw } from '../../../charts';
import type { ReadingChartProps } from './ReadingTab';
import { bounds, labels, only, roundKey, roundsOption } from './rounds';

export function TimeChart({ project, onOpen }: ReadingChartProps) {
  const rounds = useRows(project.id, 'rounds');
  const active = useMemo(() => only(rounds.data, 'active_min'), [rounds.data]);
  const idle = useMemo(() => only(rounds.data, 'idle_min'), [rounds.data]);
  const draw: Draw = useCallback(
    (palette) =>
      roundsOption(
        active,
        labels(active),
        {
          name: 'minutes per read',
          words: (row) => `${bounds(row, 1)} min`,
          second: idle,
          open: roundKey,
        },
        palette,
      ),
    [active, idle],
  );
  const reads = active.reduce((sum, row) => sum + row.reads, 0);
  return (
    <ChartFrame
      question="Does a better model save time?"
      caption={`Dot: active time, diamond: idle (open without work). n = ${reads} reads; 95 % CI: other reads of these readers.`}
      height={Math.max(140, active.length * 34 + 56)}
      draw={draw}
      name="time"
      rows={(form) => rowsAddress(project.id, 'rounds', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Reads', 'Active, min (95 % CI)', 'Idle, min (95 % CI)', 'n'],
        rows: active.map((row) => {
          const other = idle.find(({ starts }) => starts === row.starts);
          return {
            cells: [
              row.label,
              bounds(row, 1),
              other === undefined ? '—' : bounds(other, 1),
              String(row.reads),
            ],
            open: roundKey(row),
          };
        }),
      }}
      empty={rounds.data !== undefined && active.length === 0 ? 'No read is handed in yet.' : null}
    />
  );
}
