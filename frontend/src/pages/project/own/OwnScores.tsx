import { SegmentedControl } from '@mantine/core';
import { useMemo, useState } from 'react';
import type { OwnReading } from '../../../api';
import { ChartFrame, type Draw, intervalsOf, nameAxis, numberAxis, type Palette } from '../../../charts';
import { figure, METRICS, type Metric, withInterval } from '../agreement/metrics';
import { csvOf } from './csv';

type Score = OwnReading['scores'][number];

const AGAINST: Readonly<Record<string, string>> = {
  gold: 'the known answer',
  inter: 'other readers',
  review: 'what review accepted',
};

interface OwnScoresProps {
  readonly own: OwnReading;
  readonly structures: ReadonlyMap<string, string>;
}

/** Own agreement, structure by structure, and what the project requires. */
export function OwnScores({ own, structures }: OwnScoresProps) {
  const [metric, setMetric] = useState<Metric>('dice');
  const rows = useMemo(
    () =>
      own.scores
        .filter((score) => score.metric === metric)
        .map((score) => ({ ...score, words: words(score, structures) })),
    [own.scores, metric, structures],
  );
  const draw: Draw = (palette) => option(rows, metric, palette);
  const columns = ['Structure, against, begun from', METRICS[metric].name, 'Required', 'Cases'];
  const cells = rows.map((row) => [
    row.words,
    withInterval(row, metric),
    row.required === null ? '—' : figure(row.required, metric),
    String(row.cases),
  ]);
  return (
    <ChartFrame
      question="How close am I to what is required?"
      caption="Own means with 95 % CI, from 3 cases on; the line is what the project requires, where it does. Green: met, amber: not yet."
      height={Math.max(120, rows.length * 24 + 56)}
      draw={draw}
      name="my-scores"
      rows={csvOf(columns, cells)}
      controls={
        <SegmentedControl
          size="xs"
          aria-label="Metric"
          value={metric}
          onChange={(value) => setMetric(value as Metric)}
          data={Object.entries(METRICS).map(([value, { name }]) => ({ value, label: name }))}
        />
      }
      table={{ columns, rows: cells.map((row) => ({ cells: row })) }}
      empty={
        rows.length === 0
          ? 'Scores appear when three of your reads can be compared with something. Read on.'
          : null
      }
    />
  );
}

function words({ structure, kind, starts }: Score, structures: ReadonlyMap<string, string>): string {
  const begun = starts === 'scratch' ? 'from scratch' : 'from a prediction';
  return `${structures.get(structure) ?? structure}, against ${AGAINST[kind] ?? kind}, ${begun}`;
}

function option(
  rows: readonly (Score & { readonly words: string })[],
  metric: Metric,
  palette: Palette,
): ReturnType<Draw> {
  return {
    grid: { left: 8, right: 170, top: 8, bottom: 40, containLabel: true },
    xAxis: numberAxis(palette, { name: METRICS[metric].axis }),
    yAxis: nameAxis(
      palette,
      rows.map((row) => row.words),
    ),
    series: [
      intervalsOf(
        rows.map((row, place) => ({
          row: place,
          estimate: row.estimate,
          low: row.low,
          high: row.high,
          colour:
            row.met === null
              ? (palette.series[0] ?? palette.accent)
              : row.met
                ? palette.accent
                : palette.needsYou,
          words: withInterval(row, metric),
          title: row.words,
        })),
        palette,
      ),
      {
        type: 'scatter',
        silent: true,
        symbol: 'rect',
        symbolSize: [2, 18],
        itemStyle: { color: palette.text },
        data: rows.flatMap((row, place) => (row.required === null ? [] : [[row.required, place]])),
      },
    ],
  };
}
