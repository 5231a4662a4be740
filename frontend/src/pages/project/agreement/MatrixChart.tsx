import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import { type Cell, ChartFrame, cellsOf, type Draw, nameAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { Choice } from './AgreementTab';
import { figure, METRICS, type Metric, withInterval } from './metrics';

type Pair = DashboardRows['pairs'];

/** Every reader with every other, and on the diagonal with himself or herself. */
export function MatrixChart({ project, metric, starts, label, structure, onOpen }: Choice) {
  const pairs = useRows(project.id, 'pairs', { structure, metric });
  const mine = useMemo(
    () => (pairs.data ?? []).filter((pair) => pair.starts === starts),
    [pairs.data, starts],
  );
  const readers = useMemo(
    () => [...new Set(mine.flatMap((pair) => [pair.reader_a, pair.reader_b]))].sort(),
    [mine],
  );
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 8, top: 28, bottom: 8, containLabel: true },
      tooltip: { formatter: (given) => (Array.isArray(given) ? '' : given.name) },
      xAxis: { ...nameAxis(palette, readers), inverse: false, position: 'top' } as object,
      yAxis: nameAxis(palette, readers),
      series: cellsOf(cellsIn(mine, readers, structure, metric), palette),
    }),
    [mine, readers, structure, metric],
  );
  const name = project.structures.find(({ key }) => key === structure)?.name ?? structure;
  const scores = mine.reduce((sum, pair) => sum + pair.scores, 0);
  return (
    <ChartFrame
      question={`Which readers agree on ${name}?`}
      caption={
        `Mean ${METRICS[metric].name} of each pair, reads ${label}; below it the 95 % CI (other cases, these two readers; ` +
        `none of fewer than three) and n cases. Diagonal: the same reader twice. n = ${scores} scores.`
      }
      height={Math.max(200, readers.length * 58 + 40)}
      draw={draw}
      name={`pairs-${structure}-${metric}`}
      rows={(form) => rowsAddress(project.id, 'pairs', { structure, metric }, form)}
      onOpen={onOpen}
      table={{
        columns: ['Reader', 'With', `${METRICS[metric].name} (95 % CI)`, 'Scores'],
        rows: mine.map((pair) => ({
          cells: [
            pair.reader_a,
            pair.reader_b,
            withInterval({ ...pair, estimate: pair.mean }, metric),
            String(pair.scores),
          ],
          open: keyOf(pair, structure),
        })),
      }}
      empty={
        pairs.data !== undefined && mine.length === 0
          ? 'No two readers have this structure in one case. Plan double reads under Plan.'
          : null
      }
    />
  );
}

function keyOf(pair: Pair, structure: string): string {
  const isOne = pair.reader_a_id === pair.reader_b_id;
  return casesKey('scored_cases', {
    kind: isOne ? 'intra' : 'inter',
    structure,
    starts: pair.starts,
    reader: pair.reader_a_id,
    ...(isOne ? {} : { other: pair.reader_b_id }),
    metric: pair.metric,
  });
}

function cellsIn(
  pairs: readonly Pair[],
  readers: readonly string[],
  structure: string,
  metric: Metric,
): readonly Cell[] {
  const means = pairs.flatMap(({ mean }) => (mean === null ? [] : [mean]));
  const least = Math.min(...means);
  const span = Math.max(...means) - least || 1;
  return pairs.flatMap((pair) => {
    const { mean, low, high } = pair;
    if (mean === null) {
      return [];
    }
    const ends = low === null || high === null ? [] : [`${figure(low, metric)}–${figure(high, metric)}`];
    const words = [figure(mean, metric), ...ends, `n = ${pair.scores}`];
    const title = `${pair.reader_a} and ${pair.reader_b}: ${withInterval({ ...pair, estimate: mean }, metric)}, n = ${pair.scores}. ${pair.reason}`;
    const shade = metric === 'hd95_mm' ? 1 - (mean - least) / span : (mean - least) / span;
    const a = readers.indexOf(pair.reader_a);
    const b = readers.indexOf(pair.reader_b);
    const shown = { words, shade, title, open: keyOf(pair, structure) };
    return a === b
      ? [{ ...shown, column: a, row: b }]
      : [
          { ...shown, column: a, row: b },
          { ...shown, column: b, row: a },
        ];
  });
}
