import { useCallback } from 'react';
import { rowsAddress } from '../../../api';
import { ChartFrame, type Draw, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { OverviewChartProps } from './OverviewTab';

export function WeeksChart({ project, overview, onOpen }: OverviewChartProps) {
  const { weeks } = overview;
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 12, top: 20, bottom: 34, containLabel: true },
      xAxis: {
        type: 'category',
        data: weeks.map((row) => row.week.slice(5)),
        name: 'week, by its Monday',
        nameLocation: 'middle',
        nameGap: 26,
        nameTextStyle: { color: palette.muted },
        axisLabel: { color: palette.muted, hideOverlap: true },
        axisLine: { lineStyle: { color: palette.line } },
        axisTick: { show: false },
      },
      yAxis: numberAxis(palette, { name: '', min: 0 }),
      series: {
        type: 'bar',
        barMaxWidth: 28,
        label: { show: weeks.length <= 30, position: 'top', color: palette.text },
        data: weeks.map((row) => ({
          value: row.accepted,
          open: casesKey('pool_cases', { week: row.week }),
          itemStyle: row.complete
            ? { color: palette.accent }
            : { color: 'transparent', borderColor: palette.accent, borderWidth: 1.5, borderType: 'dashed' },
        })),
      },
    }),
    [weeks],
  );
  return (
    <ChartFrame
      question="How many cases are accepted each week?"
      caption={`n = ${overview.accepted} accepted cases. Dashed: the week that is not over.`}
      height={220}
      draw={draw}
      name="weeks"
      rows={(form) => rowsAddress(project, 'weeks', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Week', 'Accepted', 'Total'],
        rows: weeks.map((row) => ({
          cells: [row.week, String(row.accepted), String(row.total)],
          open: casesKey('pool_cases', { week: row.week }),
        })),
      }}
      empty={weeks.length === 0 ? 'Nothing is accepted yet: review a case that was handed in.' : null}
    />
  );
}
