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

/** Readers are not told which model made a prediction. */
const BEGUN: Readonly<Record<string, string>> = {
  prediction: 'from a prediction',
  'earlier prediction': 'from an earlier prediction',
  revision: 'from a revision',
};

interface OwnScoresProps {
  readonly own: OwnReading;
  readonly structures: ReadonlyMap<string, string>;
}

/** Own agreement, structure by structure, and what the project requires. */
export function OwnScores({ own, structures }: OwnScoresProps) {
  const [metric, setMetric] = useState<Metric>('dice');
  const kinds = useMemo(() => [...new Set(own.scores.map(({ kind }) => kind))], [own.scores]);
  const [chosen, setChosen] = useState('gold');
  const kind = kinds.includes(chosen) ? chosen : (kinds[0] ?? 'gold');
  const rows = useMemo(
    () =>
      own.scores
        .filter((score) => score.metric === metric && score.kind === kind)
        .map((score) => ({ ...score, words: words(score, structures) })),
    [own.scores, metric, kind, structures],
  );
  const draw: Draw = (palette) => option(rows, metric, palette);
  const columns = ['Structure and start', METRICS[metric].name, 'Required', 'Cases'];
  const cells = rows.map((row) => [
    row.words,
    withInterval(row, metric),
    row.required === null ? '—' : figure(row.required, metric),
    String(row.cases),
  ]);
  return (
    <ChartFrame
      question="How close am I to what is required?"
      caption={`Own means against ${AGAINST[kind] ?? kind} with 95 % CI, from 3 cases on; the line is what the project requires, where it does. Green: met, amber: not yet. n = up to ${Math.max(0, ...rows.map((row) => row.cases))} cases.`}
      height={Math.max(120, rows.length * 24 + 56)}
      draw={draw}
      name="my-scores"
      rows={csvOf(columns, cells)}
      controls={
        <>
          {kinds.length > 1 && (
            <SegmentedControl
              size="xs"
              aria-label="Compared with"
              value={kind}
              onChange={setChosen}
              data={kinds.map((value) => ({ value, label: `against ${AGAINST[value] ?? value}` }))}
            />
          )}
          <SegmentedControl
            size="xs"
            aria-label="Metric"
            value={metric}
            onChange={(value) => setMetric(value as Metric)}
            data={Object.entries(METRICS).map(([value, { name }]) => ({ value, label: name }))}
          />
        </>
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

function words({ structure, starts }: Score, structures: ReadonlyMap<string, string>): string {
  const begun = starts
    .split('|')
    .map((start) => BEGUN[start] ?? `from ${start}`)
    .join(' and ');
  return `${structures.get(structure) ?? structure}, ${begun}`;
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
