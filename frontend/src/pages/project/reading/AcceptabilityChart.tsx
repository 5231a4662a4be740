import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import {
  ChartFrame,
  type Draw,
  nameAxis,
  numberAxis,
  type Stack,
  stackLegend,
  stacksOf,
} from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import { gradesOf, shareWords } from './grades';
import type { ReadingChartProps } from './ReadingTab';

const SHORT = ['1 unusable', '2 major edits', '3 minor edits', '4 matter of taste', '5 as it is'] as const;
const GRADES = ['1', '2', '3', '4', '5'] as const;

/** How usable reviewers found each structure as it was handed in. */
export function AcceptabilityChart({ project, onOpen }: ReadingChartProps) {
  const found = useRows(project.id, 'acceptability');
  const names = useMemo(
    () => new Map(project.structures.map((structure) => [structure.key, structure.name])),
    [project.structures],
  );
  const rows = useMemo(() => found.data ?? [], [found.data]);
  const stacks = useMemo(() => rows.map((row) => stackOf(row, names)), [rows, names]);
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 170, top: 28, bottom: 40, containLabel: true },
      tooltip: { formatter: (given) => (Array.isArray(given) ? '' : given.name) },
      xAxis: numberAxis(palette, { name: '% of grades', min: 0, max: 100 }),
      yAxis: nameAxis(
        palette,
        stacks.map((stack) => stack.label),
      ),
      series: [stacksOf(stacks, palette), stackLegend(SHORT, palette)],
    }),
    [stacks],
  );
  const grades = rows.reduce((sum, row) => sum + row.grades, 0);
  return (
    <ChartFrame
      question="How usable is what is handed in?"
      caption={`Reviewers’ grades of structures as they were handed in, from 1 (unusable) to 5 (usable as it is); n = ${grades} grades of reviews that have ended. Beside the bar: share of 4 and 5 with 95 % CI (Wilson, grades counted one by one).`}
      height={Math.max(140, rows.length * 28 + 76)}
      draw={draw}
      name="acceptability"
      rows={(form) => rowsAddress(project.id, 'acceptability', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Structure', ...GRADES, '4 or 5 (95 % CI)', 'n', 'Alpha of two reviewers (95 % CI)'],
        rows: rows.map((row) => ({
          cells: [
            names.get(row.structure) ?? row.structure,
            ...gradesOf(row).map(String),
            shareWords(row),
            String(row.grades),
            alphaWords(row),
          ],
          open: casesKey('graded_cases', { structure: row.structure }),
        })),
      }}
      empty={
        found.data !== undefined && rows.length === 0
          ? 'No structure was graded yet. Reviewers grade from 1 to 5 beside the verdict.'
          : null
      }
    />
  );
}

type Row = DashboardRows['acceptability'];

function stackOf(row: Row, names: ReadonlyMap<string, string>): Stack {
  const label = names.get(row.structure) ?? row.structure;
  return {
    label,
    words: `${shareWords(row)}, n = ${row.grades}`,
    parts: gradesOf(row).map((count, place) => ({
      count,
      title: `${label}: ${count} of ${row.grades} graded ${SHORT[place] ?? ''}`,
      open: casesKey('graded_cases', { structure: row.structure, grade: place + 1 }),
    })),
  };
}

function alphaWords({ alpha, low, high, reason }: Row): string {
  if (alpha === null) {
    return reason;
  }
  return low === null || high === null
    ? alpha.toFixed(2)
    : `${alpha.toFixed(2)} (${low.toFixed(2)} to ${high.toFixed(2)})`;
}
