import { useCallback } from 'react';
import type { Project, WhatIfFigures } from '../../../../api';
import { ChartFrame, type Draw, numberAxis } from '../../../../charts';
import { score, signed } from '../../../words';
import { STRATEGIES } from './words';

interface WhatIfChartProps {
  readonly project: Project;
  readonly figures: WhatIfFigures;
}

/** Mean Dice over cases read, a line for each strategy. */
export function WhatIfChart({ project, figures }: WhatIfChartProps) {
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 30, right: 190, top: 12, bottom: 40, containLabel: true },
      tooltip: { formatter: (hovered) => (Array.isArray(hovered) ? '' : hovered.name) },
      xAxis: numberAxis(palette, { name: 'cases read' }),
      yAxis: numberAxis(palette, { name: 'mean Dice of the test cases' }),
      series: figures.strategies.map(({ strategy }, place) => {
        const colour = palette.series[place % palette.series.length] ?? palette.accent;
        const rows = figures.rows.filter((row) => row.strategy === strategy && row.dice.mean !== null);
        return {
          type: 'line' as const,
          name: STRATEGIES[strategy],
          symbolSize: 7,
          lineStyle: { color: colour, width: 1.5 },
          itemStyle: { color: colour },
          endLabel: { show: true, formatter: STRATEGIES[strategy], color: palette.text },
          labelLayout: { moveOverlap: 'shiftY' as const },
          data: rows.map((row) => ({
            value: [row.items, row.dice.mean ?? 0],
            name: `${STRATEGIES[strategy]}: Dice ${score(row.dice.mean)} after ${row.items} cases, ${row.seeds} repeats`,
          })),
        };
      }),
    }),
    [figures],
  );
  return (
    <ChartFrame
      question="What if another strategy had chosen?"
      caption={caption(figures)}
      height={240}
      draw={draw}
      name="what-if"
      rows={() => csvOf(figures)}
      table={{
        columns: ['Strategy', 'Cases read', 'Dice', 'Surface Dice', 'Repeats'],
        rows: figures.rows.map((row) => ({
          cells: [
            STRATEGIES[row.strategy],
            String(row.items),
            score(row.dice.mean),
            score(row.surface_dice.mean),
            String(row.seeds),
          ],
        })),
      }}
      empty={figures.rows.length === 0 ? `No training of ${project.name} has been replayed.` : null}
    />
  );
}

function caption({ strategies, against }: WhatIfFigures): string {
  const first = strategies[0];
  const areas = strategies
    .filter(({ aubc }) => aubc !== null)
    .map(({ strategy, aubc }) => `${STRATEGIES[strategy]} ${score(aubc?.mean)}`);
  const gains = Object.entries(against).flatMap(([name, found]) =>
    found === null || !(name in STRATEGIES)
      ? []
      : [
          `${STRATEGIES[name as keyof typeof STRATEGIES]} ${signed(found.mean, 3)} (${signed(found.low, 3)} to ${signed(found.high, 3)})`,
        ],
  );
  const compared =
    gains.length === 0 || first === undefined
      ? ''
      : ` Against ${STRATEGIES[first.strategy]}: ${gains.join(', ')}; 95 % CI over test cases and repeats.`;
  return `Accepted cases read once more in the order of each strategy. Area under the curve: ${areas.join(', ')}.${compared}`;
}

function csvOf({ rows }: WhatIfFigures): string {
  const lines = rows.map((row) =>
    [row.strategy, row.items, row.foreground, row.dice.mean, row.surface_dice.mean, row.seeds].join(','),
  );
  const text = ['strategy,cases,foreground_voxels,dice,surface_dice,repeats', ...lines].join('\n');
  return `data:text/csv;charset=utf-8,${encodeURIComponent(text)}`;
}
