import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, nameAxis, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import { ERROR_CODES } from './errorCodes';
import type { ReadingChartProps } from './ReadingTab';

export function ErrorsChart({ project, onOpen }: ReadingChartProps) {
  const found = useRows(project.id, 'errors');
  const names = useMemo(
    () => new Map(project.structures.map((structure) => [structure.key, structure.name])),
    [project.structures],
  );
  const rows = useMemo(() => totals(found.data ?? [], names), [found.data, names]);
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 48, top: 8, bottom: 40, containLabel: true },
      xAxis: { ...numberAxis(palette, { name: 'pins', min: 0 }), minInterval: 1 },
      yAxis: nameAxis(
        palette,
        rows.map((row) => row.words),
      ),
      series: {
        type: 'bar',
        barMaxWidth: 16,
        itemStyle: { color: palette.needsYou },
        label: { show: true, position: 'right', color: palette.text },
        data: rows.map((row) => ({ value: row.pins, open: row.open })),
      },
    }),
    [rows],
  );
  return (
    <ChartFrame
      question="What do reviewers find wrong?"
      caption={`Pins of reviews that have ended, by structure and error code; n = ${rows.reduce((sum, row) => sum + row.pins, 0)} pins.`}
      height={Math.max(120, rows.length * 24 + 56)}
      draw={draw}
      name="errors"
      rows={(form) => rowsAddress(project.id, 'errors', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Structure and error', 'Pins', 'Readers'],
        rows: rows.map((row) => ({ cells: [row.words, String(row.pins), row.readers], open: row.open })),
      }}
      empty={found.data !== undefined && rows.length === 0 ? 'No pin was dropped yet.' : null}
    />
  );
}

interface Total {
  readonly words: string;
  readonly pins: number;
  readonly readers: string;
  readonly open: string;
}

function totals(
  rows: readonly DashboardRows['errors'][],
  names: ReadonlyMap<string, string>,
): readonly Total[] {
  const found = new Map<string, { pins: number; readers: string[]; open: string }>();
  for (const row of rows) {
    const words = `${names.get(row.structure) ?? row.structure}: ${ERROR_CODES[row.code] ?? row.code}`;
    const open = casesKey('judged_cases', { structure: row.structure, code: row.code });
    const total = found.get(words) ?? { pins: 0, readers: [] };
    found.set(words, {
      pins: total.pins + row.pins,
      readers: [...total.readers, `${row.reader} ${row.pins}`],
      open,
    });
  }
  return [...found]
    .map(([words, { pins, readers, open }]) => ({ words, pins, readers: readers.join(', '), open }))
    .sort((a, b) => b.pins - a.pins);
}
