import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, type Interval, intervalsOf, nameAxis, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { Choice } from './AgreementTab';
import { withInterval } from './metrics';

type Rate = DashboardRows['reader_rates'];

const RATES: Readonly<Record<string, string>> = {
  sensitivity: 'sensitivity (low: too little)',
  specificity: 'specificity (low: too much)',
};

/** STAPLE as a diagnosis: who marks more than the others, who less. */
export function RatesChart({ project, starts, structure, label, onOpen }: Choice) {
  const found = useRows(project.id, 'reader_rates', { structure, starts });
  const rows = useMemo(() => found.data ?? [], [found.data]);
  const readers = useMemo(() => [...new Set(rows.map((row) => row.reader))], [rows]);
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 150, top: 8, bottom: 40, containLabel: true },
      tooltip: { formatter: (given) => (Array.isArray(given) ? '' : given.name) },
      xAxis: numberAxis(palette, { name: 'share of voxels marked rightly', max: 1 }),
      yAxis: nameAxis(
        palette,
        readers.flatMap((reader) => Object.values(RATES).map((words) => `${reader}   ${words}`)),
      ),
      series: intervalsOf(
        rows.flatMap((row) => interval(row, readers, palette.series)),
        palette,
      ),
    }),
    [rows, readers],
  );
  const name = project.structures.find(({ key }) => key === structure)?.name ?? structure;
  const cases = Math.max(0, ...rows.map((row) => row.cases));
  return (
    <ChartFrame
      question={`Who marks too much of ${name}, who too little?`}
      caption={`STAPLE of reads ${label}; n = ${cases} calibration cases, ${readers.length} readers; 95 % CI: other cases, these readers. Region: ${rows[0]?.region ?? '—'}.`}
      height={Math.max(160, rows.length * 26 + 56)}
      draw={draw}
      name={`rates-${structure}`}
      rows={(form) => rowsAddress(project.id, 'reader_rates', { structure, starts }, form)}
      onOpen={onOpen}
      table={{
        columns: ['Reader', 'Rate', 'Mean (95 % CI)', 'Cases'],
        rows: rows.map((row) => ({
          cells: [row.reader, row.rate, withInterval(row, 'dice'), String(row.cases)],
          open: keyOf(row),
        })),
      }}
      empty={
        found.data !== undefined && rows.length === 0
          ? 'Three readers of one calibration case are needed: of two, nobody can say who is right. Choose cases under Plan.'
          : null
      }
    />
  );
}

function keyOf({ structure, starts, reader_id: reader }: Rate): string {
  return casesKey('scored_cases', { kind: 'inter', structure, starts, reader });
}

function interval(row: Rate, readers: readonly string[], colours: readonly string[]): readonly Interval[] {
  if (row.estimate === null) {
    return [];
  }
  const isSpecificity = row.rate === 'specificity';
  const words = withInterval(row, 'dice');
  return [
    {
      row: 2 * readers.indexOf(row.reader) + (isSpecificity ? 1 : 0),
      estimate: row.estimate,
      low: row.low,
      high: row.high,
      colour: colours[isSpecificity ? 1 : 0] ?? '',
      isDiamond: isSpecificity,
      words,
      open: keyOf(row),
      title: `${row.reader}, ${row.rate}: ${words}, n = ${row.cases} cases. ${row.reason}`,
    },
  ];
}
