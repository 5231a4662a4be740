import { useCallback, useMemo } from 'react';
import { type CasesAsked, type DatasetMeasure, rowsAddress } from '../../../api';
import { ChartFrame, type Draw, numberAxis } from '../../../charts';
import classes from './dataset.module.css';
import type { SectionProps } from './section';
import { asQuery, barAsked, barWords, MEASURES, measureWords, number } from './words';

/** Histograms of spacing and size. */
export function Sizes(given: SectionProps) {
  return (
    <section className={classes.sizes} aria-label="Spacing and size">
      {given.dataset.measures.map((measure) => (
        <Histogram key={measure.measure} {...given} measure={measure} />
      ))}
    </section>
  );
}

function Histogram({
  project,
  dataset,
  narrowed,
  onOpen,
  measure,
}: SectionProps & { readonly measure: DatasetMeasure }) {
  const name = measure.measure;
  const { question, unit } = MEASURES[name] ?? { question: name, unit: '' };
  const bars = useMemo(() => dataset.bars.filter((bar) => bar.measure === name), [dataset.bars, name]);
  const draw: Draw = useCallback(
    (palette) => ({
      grid: { left: 8, right: 12, top: 20, bottom: 34, containLabel: true },
      xAxis: {
        type: 'category',
        data: bars.map(({ low }) => number(low)),
        name: `${unit}; each bar from here on`,
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
        barCategoryGap: '8%',
        label: { show: true, position: 'top', color: palette.text },
        data: bars.map((bar) =>
          bar.cases === 0
            ? { value: 0, label: { show: false } }
            : {
                value: bar.cases,
                open: keyOf(barAsked(bar, narrowed)),
                itemStyle: { color: palette.accent },
              },
        ),
      },
    }),
    [bars, narrowed, unit],
  );
  return (
    <ChartFrame
      question={question}
      caption={measureWords(measure)}
      height={200}
      draw={draw}
      name={`dataset-${name}`}
      rows={(form) => rowsAddress(project.id, 'dataset_bars', asQuery(narrowed), form)}
      onOpen={(key) => onOpen(JSON.parse(key) as CasesAsked)}
      table={{
        columns: [unit, 'Cases'],
        rows: bars.map((bar) => ({
          cells: [barWords(bar), String(bar.cases)],
          ...(bar.cases === 0 ? {} : { open: keyOf(barAsked(bar, narrowed)) }),
        })),
      }}
      empty={bars.length === 0 ? 'It is known of no case.' : null}
    />
  );
}

const keyOf = (asked: CasesAsked): string => JSON.stringify(asked);
