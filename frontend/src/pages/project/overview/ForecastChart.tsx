import { useCallback } from 'react';
import { rowsAddress } from '../../../api';
import { ChartFrame, type Draw, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { OverviewChartProps } from './OverviewTab';

const WEEK_MS = 7 * 24 * 3600 * 1000;
/** How far ahead is drawn where the interval has no end, in weeks beyond the estimate. */
const OPEN_END = 4;

export function ForecastChart({ project, overview, onOpen }: OverviewChartProps) {
  const { weeks, goal, accepted, weeks_left: ahead } = overview;
  const draw: Draw = useCallback(
    (palette) => {
      const now = Date.parse(overview.at);
      const done = weeks.map((row) => ({
        value: [Math.min(Date.parse(row.week) + WEEK_MS, now), row.total],
        open: casesKey('pool_cases', { week: row.week }),
      }));
      const soonest = now + (ahead.low ?? 0) * WEEK_MS;
      const latest = now + (ahead.high ?? 2 * (ahead.estimate ?? 0) + OPEN_END) * WEEK_MS;
      const likely = now + (ahead.estimate ?? 0) * WEEK_MS;
      const isKnown = ahead.estimate !== null && ahead.estimate > 0;
      const reach =
        ahead.high === null ? accepted + ((goal - accepted) * (latest - now)) / (3 * (likely - now)) : goal;
      return {
        grid: { left: 8, right: 60, top: 20, bottom: 24, containLabel: true },
        xAxis: {
          type: 'time',
          axisLabel: { color: palette.muted, hideOverlap: true },
          axisLine: { lineStyle: { color: palette.line } },
          splitLine: { show: false },
        },
        yAxis: numberAxis(palette, { name: '', min: 0, max: Math.max(goal, 1) }),
        series: [
          ...(isKnown
            ? [cone(now, accepted, [soonest, goal], [latest, Math.min(reach, goal)], palette.band)]
            : []),
          {
            type: 'line',
            data: done,
            showSymbol: true,
            symbolSize: 6,
            lineStyle: { color: palette.accent, width: 2 },
            itemStyle: { color: palette.accent },
            endLabel: { show: true, formatter: `${accepted}`, color: palette.text },
            markLine: {
              silent: true,
              symbol: 'none',
              data: [{ yAxis: goal }],
              lineStyle: { color: palette.muted, type: 'dashed' },
              label: { formatter: `goal ${goal}`, color: palette.text, position: 'end' },
            },
          },
          ...(isKnown
            ? [
                {
                  type: 'line' as const,
                  silent: true,
                  data: [
                    [now, accepted],
                    [likely, goal],
                  ],
                  symbol: 'none',
                  lineStyle: { color: palette.accent, width: 1.5, type: 'dashed' as const },
                },
              ]
            : []),
        ],
      };
    },
    [overview.at, weeks, goal, accepted, ahead],
  );
  return (
    <ChartFrame
      question="When will all cases be accepted?"
      caption={caption(overview)}
      height={240}
      draw={draw}
      name="forecast"
      rows={(form) => rowsAddress(project, 'weeks', {}, form)}
      onOpen={onOpen}
      table={{
        columns: ['Week', 'Accepted up to its end'],
        rows: weeks.map((row) => ({
          cells: [row.week, String(row.total)],
          open: casesKey('pool_cases', { week: row.week }),
        })),
      }}
      empty={weeks.length === 0 ? 'A forecast begins with the first accepted case.' : null}
    />
  );
}

function caption({ weeks_left: ahead }: OverviewChartProps['overview']): string {
  if (ahead.estimate === null) {
    return ahead.reason;
  }
  const end = ahead.high === null ? ' The pace varies so much that there is no upper bound.' : '';
  return `Pace of the last n = ${ahead.n} whole weeks; grey: 95 % prediction interval.${end}`;
}

type Point = readonly [number, number];

/** From where the project stands to the soonest and the latest end. */
function cone(now: number, accepted: number, soonest: Point, latest: Point, fill: string) {
  return {
    type: 'custom' as const,
    silent: true,
    z: 1,
    clip: true,
    encode: { x: [0, 2, 4], y: [1, 3, 5] },
    data: [[now, accepted, ...soonest, ...latest]],
    renderItem: (_: unknown, api: { coord: (value: number[]) => number[] }) => ({
      type: 'polygon' as const,
      shape: {
        points: [
          api.coord([now, accepted]),
          api.coord([...soonest]),
          api.coord([latest[0], soonest[1]]),
          api.coord([...latest]),
        ],
      },
      style: { fill },
    }),
  };
}
