import { useCallback, useMemo } from 'react';
import { rowsAddress, useRows } from '../../../api';
import { ChartFrame, type Draw, intervalsOf, nameAxis, numberAxis } from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { Choice } from './AgreementTab';
import { behindWords, figure, METRICS } from './metrics';

/** How much of the agreement comes from the prediction that all began from. */
export function AnchoringChart({ project, metric, onOpen }: Choice) {
  const anchoring = useRows(project.id, 'anchoring', { metric });
  const names = useMemo(
    () => new Map(project.structures.map((structure) => [structure.key, structure.name])),
    [project.structures],
  );
  const rows = useMemo(
    () =>
      (anchoring.data ?? []).map((row) => ({
        ...row,
        words: `${names.get(row.structure) ?? row.structure}, model ${row.model_version}`,
        open: casesKey('scored_cases', {
          kind: 'inter',
          structure: row.structure,
          starts: `prediction:${row.model_version}`,
          metric: row.metric,
        }),
        difference_words: `${figure(row.difference, metric)} (${figure(row.low, metric)} to ${figure(row.high, metric)})`,
      })),
    [anchoring.data, names, metric],
  );
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 190, top: 8, bottom: 40, containLabel: true },
      tooltip: { formatter: (given) => (Array.isArray(given) ? '' : given.name) },
      xAxis: numberAxis(palette, { name: `${METRICS[metric].name} from a prediction − from scratch` }),
      yAxis: nameAxis(
        palette,
        rows.map((row) => row.words),
      ),
      series: [
        intervalsOf(
          rows.flatMap((row, place) =>
            row.difference === null
              ? []
              : [
                  {
                    row: place,
                    estimate: row.difference,
                    low: row.low,
                    high: row.high,
                    colour: palette.model,
                    open: row.open,
                    words: row.difference_words,
                    title: `${row.words}: ${row.difference_words}. ${row.method}`,
                  },
                ],
          ),
          palette,
        ),
        {
          type: 'line',
          data: [],
          markLine: {
            silent: true,
            symbol: 'none',
            data: [{ xAxis: 0 }],
            lineStyle: { color: palette.text, type: 'solid' },
            label: { show: false },
          },
        },
      ],
    }),
    [rows, metric],
  );
  const reason = rows.find((row) => row.difference === null)?.reason ?? '';
  return (
    <ChartFrame
      question="How much do readers agree because they began from the same prediction?"
      caption={`Mean agreement of reads from a prediction less that of reads from scratch; n = ${Math.max(0, ...rows.map((row) => row.cases))} cases, 95 % CI over cases and readers. Right of the line: anchoring.${behindWords(rows)} ${reason}`}
      height={Math.max(120, rows.length * 26 + 56)}
      draw={draw}
      name={`anchoring-${metric}`}
      rows={(form) => rowsAddress(project.id, 'anchoring', { metric }, form)}
      onOpen={onOpen}
      table={{
        columns: [
          'Structure and model',
          'From the prediction',
          'From scratch',
          'Difference (95 % CI)',
          'Cases',
        ],
        rows: rows.map((row) => ({
          cells: [
            row.words,
            figure(row.from_prediction, metric),
            figure(row.from_scratch, metric),
            row.difference_words,
            String(row.cases),
          ],
          open: row.open,
        })),
      }}
      empty={
        anchoring.data !== undefined && rows.length === 0
          ? 'This needs calibration cases of both kinds: some begun from scratch, some from a prediction. Choose them under Plan.'
          : null
      }
    />
  );
}
