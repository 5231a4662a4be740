import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, type Interval, intervalsOf, nameAxis, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { Choice } from './AgreementTab';
import { behindWords, withInterval } from './metrics';

type Row = DashboardRows['calibration'];

/** What is drawn; the table below and the files have every statistic. */
const DRAWN: Readonly<Record<string, string>> = {
  icc_agreement: 'ICC(A,1) of volumes',
  conformity: 'conformity index',
};

/** Whether it matters who reads: ICC of volumes and generalised conformity, structure by structure. */
export function ReliabilityChart({ project, starts, label, onOpen }: Choice) {
  const found = useRows(project.id, 'calibration', { starts });
  const names = useMemo(
    () => new Map(project.structures.map((structure) => [structure.key, structure.name])),
    [project.structures],
  );
  const rows = useMemo(
    () => [...names.keys()].flatMap((key) => (found.data ?? []).filter((row) => row.structure === key)),
    [found.data, names],
  );
  const structures = useMemo(() => [...new Set(rows.map((row) => row.structure))], [rows]);
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 150, top: 8, bottom: 40, containLabel: true },
      tooltip: { formatter: (given) => (Array.isArray(given) ? '' : given.name) },
      xAxis: numberAxis(palette, { name: 'ICC(A,1) of volumes (dot), conformity index (diamond)', max: 1 }),
      yAxis: nameAxis(
        palette,
        structures.flatMap((key) => [`${names.get(key) ?? key}   ICC`, 'conformity']),
      ),
      series: intervalsOf(
        rows.flatMap((row) => interval(row, structures, palette.series)),
        palette,
      ),
    }),
    [rows, structures, names],
  );
  const cases = Math.max(0, ...rows.map((row) => row.cases));
  const readers = Math.max(0, ...rows.map((row) => row.readers));
  return (
    <ChartFrame
      question="Does it matter who reads?"
      caption={`Reads ${label} of calibration cases; n = ${readers} readers, up to ${cases} cases. ICC(A,1): share of the variance of volumes that is between cases; 95 % CI. The table and the files add ICC(C,1), shares of variance (mixed model), α and κ of presence, and the readers’ own tolerance.${behindWords(rows)}`}
      height={Math.max(160, structures.length * 36 + 56)}
      draw={draw}
      name="reliability"
      rows={(form) => rowsAddress(project.id, 'calibration', { starts }, form)}
      onOpen={onOpen}
      table={{
        columns: ['Structure', 'Statistic', 'Estimate (95 % CI)', 'Cases', 'Readers'],
        rows: rows.map((row) => ({
          cells: [
            names.get(row.structure) ?? row.structure,
            row.words,
            row.estimate === null ? row.reason : withInterval(row, 'dice'),
            String(row.cases),
            String(row.readers),
          ],
          open: keyOf(row),
        })),
      }}
      empty={
        found.data !== undefined && rows.length === 0
          ? 'This needs calibration cases, which every reader reads. Choose them under Plan.'
          : null
      }
    />
  );
}

function keyOf({ structure, starts }: Row): string {
  return casesKey('scored_cases', { kind: 'inter', structure, starts });
}

function interval(row: Row, structures: readonly string[], colours: readonly string[]): readonly Interval[] {
  const what = DRAWN[row.statistic];
  if (what === undefined || row.estimate === null) {
    return [];
  }
  const isConformity = row.statistic === 'conformity';
  return [
    {
      row: 2 * structures.indexOf(row.structure) + (isConformity ? 1 : 0),
      estimate: row.estimate,
      low: row.low,
      high: row.high,
      colour: colours[isConformity ? 1 : 0] ?? '',
      isDiamond: isConformity,
      words: withInterval(row, 'dice'),
      open: keyOf(row),
      title: `${what}: ${withInterval(row, 'dice')}, n = ${row.cases} cases. ${row.reason === '' ? row.method : row.reason}`,
    },
  ];
}
