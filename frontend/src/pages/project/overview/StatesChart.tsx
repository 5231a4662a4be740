import { useCallback, useMemo } from 'react';
import { rowsAddress } from '../../../api';
import { ChartFrame, type Draw, nameAxis, numberAxis, type Palette } from '../../../charts';
import { CASE_STATES } from '../../words';
import { casesKey } from '../behind/CasesBehind';
import type { OverviewChartProps } from './OverviewTab';

const NEEDS_SOMEBODY = new Set(['in_review', 'adjudication', 'returned']);

export function StatesChart({ project, overview, onOpen }: OverviewChartProps) {
  const rows = useMemo(
    () =>
      overview.states.map((row) => ({
        ...row,
        words: words(row.state),
        open: casesKey('pool_cases', { state: row.state }),
      })),
    [overview.states],
  );
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 48, top: 4, bottom: 4, containLabel: true },
      xAxis: { ...numberAxis(palette, { name: '', min: 0 }), show: false },
      yAxis: nameAxis(
        palette,
        rows.map((row) => row.words),
      ),
      series: {
        type: 'bar',
        barMaxWidth: 18,
        label: { show: true, position: 'right', color: palette.text },
        data: rows.map((row) => ({
          value: row.cases,
          open: row.open,
          itemStyle: { color: colour(row.state, palette) },
        })),
      },
    }),
    [rows],
  );
  return (
    <ChartFrame
      question="Where do the cases stand?"
      caption={`n = ${overview.goal} cases of the pool. Amber: somebody has to act.`}
      height={240}
      draw={draw}
      name="states"
      rows={(form) => rowsAddress(project, 'states', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['State', 'Cases'],
        rows: rows.map((row) => ({ cells: [row.words, String(row.cases)], open: row.open })),
      }}
      empty={overview.goal === 0 ? 'No cases yet: add some under Add cases.' : null}
    />
  );
}

function colour(state: string, palette: Palette): string {
  if (state === 'accepted') {
    return palette.accent;
  }
  return NEEDS_SOMEBODY.has(state) ? palette.needsYou : palette.muted;
}

function words(state: string): string {
  const known: Readonly<Record<string, string>> = CASE_STATES;
  return known[state] ?? state;
}
