import { SegmentedControl } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw } from '../../../charts';
import { inThousands } from '../../words';
import type { ReadingChartProps } from './ReadingTab';
import { bounds, labels, only, type Round, roundKey, roundsOption } from './rounds';

interface Quantity {
  readonly label: string;
  readonly axis: string;
  readonly words: (row: Round) => string;
}

const MOVED: Quantity = {
  label: 'surface moved',
  axis: '% of the surface moved beyond the tolerance',
  words: (row) => `${bounds(hundredfold(row), 1)} %`,
};
const QUANTITIES: Readonly<Record<string, Quantity>> = {
  moved_share: MOVED,
  moved_mm: {
    label: 'how far',
    axis: 'mean distance from the prediction, mm',
    words: (row) => `${bounds(row, 2)} mm`,
  },
  changed_voxels: {
    label: 'voxels',
    axis: 'voxels that differ from the start',
    words: (row) => `${inThousands(row.mean.toFixed(0))} voxels`,
  },
};

/** What readers change of what they begin from. */
export function EffortChart({ project, onOpen }: ReadingChartProps) {
  const rounds = useRows(project.id, 'rounds');
  const [chosen, setChosen] = useState('moved_share');
  const quantity = QUANTITIES[chosen] ?? MOVED;
  const rows = useMemo(() => only(rounds.data, chosen), [rounds.data, chosen]);
  const draw: Draw = useCallback(
    (palette) => {
      const drawn = chosen === 'moved_share' ? rows.map((row) => ({ ...hundredfold(row), raw: row })) : rows;
      const words = (row: Round) => ('raw' in row ? quantity.words(row.raw as Round) : quantity.words(row));
      return roundsOption(drawn, labels(rows), { name: quantity.axis, words, open: roundKey }, palette);
    },
    [rows, quantity, chosen],
  );
  const reads = rows.reduce((sum, row) => sum + row.reads, 0);
  return (
    <ChartFrame
      question="How much of the prediction do readers change?"
      caption={`n = ${reads} reads; 95 % CI: other reads of these readers. A round is the model whose prediction they began from.`}
      height={Math.max(140, rows.length * 34 + 56)}
      draw={draw}
      name={`effort-${chosen}`}
      rows={(form) => rowsAddress(project.id, 'rounds', {}, form)}
      onOpen={onOpen}
      controls={
        <SegmentedControl
          size="xs"
          aria-label="Quantity"
          value={chosen}
          onChange={setChosen}
          data={Object.entries(QUANTITIES).map(([value, { label }]) => ({ value, label }))}
        />
      }
      table={{
        columns: ['Reads', `${quantity.axis} (95 % CI)`, 'n'],
        rows: rows.map((row) => ({
          cells: [row.label, quantity.words(row), String(row.reads)],
          open: roundKey(row),
        })),
      }}
      empty={rounds.data !== undefined && rounds.data.length === 0 ? 'No read is handed in yet.' : null}
    />
  );
}

function hundredfold(row: Round): Round {
  const times = (value: number | null): number | null => (value === null ? null : 100 * value);
  return { ...row, mean: 100 * row.mean, low: times(row.low), high: times(row.high) };
}
