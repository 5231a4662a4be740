import { SegmentedControl } from '@mantine/core';
import { useCallback, useMemo, useState } from 'react';
import { type Project, rowsAddress, useRows } from '../../../../api';
import { ChartFrame, type ChartOption, type Draw, numberAxis, type Palette } from '../../../../charts';
import {
  basis,
  type Forecast,
  type GainChartProps,
  METRICS,
  type Metric,
  nameOf,
  type Place,
  type Point,
  testedKey,
} from './figures';
import { bandAround } from './marks';

const HEIGHT = 168;
const NARROW = 640;

interface Panel {
  readonly key: string;
  readonly title: string;
  readonly points: readonly Point[];
  readonly places: readonly Place[];
  readonly goal: number | null;
}

/** A panel for each structure: models as points, the curve through them, its band, the goal. */
export function CurvesChart({ project, onOpen }: GainChartProps) {
  const [metric, setMetric] = useState<Metric>('dice');
  const points = useRows(project.id, 'learning_points', { metric });
  const places = useRows(project.id, 'learning_curves', { metric });
  const forecasts = useRows(project.id, 'learning_forecasts', { metric });
  const panels = useMemo(
    () => panelsOf(project, points.data ?? [], places.data ?? [], forecasts.data ?? []),
    [project, points.data, places.data, forecasts.data],
  );
  const draw: Draw = useCallback((palette, width) => option(panels, palette, width), [panels]);
  const overall = forecasts.data?.find(({ structure }) => structure === '');
  return (
    <ChartFrame
      question="What does the next label buy?"
      caption={caption(overall) + leftOut(project, forecasts.data ?? [])}
      height={HEIGHT * Math.max(1, Math.ceil(panels.length / 3))}
      draw={draw}
      name={`learning-${metric}`}
      rows={(form) => rowsAddress(project.id, 'learning_points', { metric }, form)}
      onOpen={onOpen}
      controls={
        <SegmentedControl
          size="xs"
          aria-label="Metric"
          value={metric}
          onChange={(value) => setMetric(value === 'dice' ? 'dice' : 'surface_dice')}
          data={METRICS.map((one) => ({ ...one }))}
        />
      }
      table={{
        columns: ['Structure', 'Model', 'Training cases', 'Mean', 'Test cases', 'Gate'],
        rows: panels.flatMap(({ title, points: of }) =>
          of.map((row) => ({
            cells: [
              title,
              `model ${row.version}`,
              String(row.train_cases),
              (row.mean ?? 0).toFixed(3),
              String(row.cases),
              row.promoted ? 'promoted' : 'not promoted',
            ],
            open: testedKey(row.version, row.structure),
          })),
        ),
      }}
      empty={points.data !== undefined && panels.length === 0 ? (overall?.reason ?? '') : null}
    />
  );
}

function panelsOf(
  project: Project,
  points: readonly Point[],
  places: readonly Place[],
  forecasts: readonly Forecast[],
): readonly Panel[] {
  const keys = ['', ...project.structures.map(({ key }) => key)];
  return keys
    .map((key) => ({
      key,
      title: nameOf(project, key),
      points: points.filter((row) => row.structure === key && row.mean !== null),
      places: places.filter((row) => row.structure === key),
      goal: forecasts.find((row) => row.structure === key)?.goal ?? null,
    }))
    .filter((panel) => panel.points.length > 0);
}

function option(panels: readonly Panel[], palette: Palette, width: number): ChartOption {
  const columns = width < NARROW ? 2 : 3;
  const column = width / columns;
  const figures = panels.flatMap(({ points, places }) => [
    ...points.map(({ mean }) => mean ?? 1),
    ...places.map(({ low, value }) => low ?? value),
  ]);
  const low = Math.min(0.9, Math.floor(10 * Math.min(1, ...figures)) / 10);
  return {
    grid: panels.map((_, place) => ({
      left: (place % columns) * column + 40,
      top: Math.floor(place / columns) * HEIGHT + 26,
      width: column - 62,
      height: HEIGHT - 60,
    })),
    tooltip: { formatter: (hovered) => (Array.isArray(hovered) ? '' : hovered.name) },
    xAxis: panels.map((_, grid) => ({
      ...numberAxis(palette, { name: '', min: 0 }),
      gridIndex: grid,
      splitLine: { show: false },
    })),
    yAxis: panels.map(({ title }, grid) => ({
      ...numberAxis(palette, { name: title, min: low, max: 1 }),
      nameLocation: 'end' as const,
      nameGap: 8,
      nameTextStyle: { color: palette.text, fontWeight: 600 as const, align: 'left' as const },
      gridIndex: grid,
      splitNumber: 3,
    })),
    series: panels.flatMap((panel, grid) => seriesOf(panel, grid, palette)),
  };
}

function seriesOf({ points, places, goal }: Panel, grid: number, palette: Palette) {
  const colour = palette.series[0] ?? palette.accent;
  const axes = { xAxisIndex: grid, yAxisIndex: grid };
  const known = places.filter((row) => !row.beyond);
  const beyond = places.filter((row) => row.beyond);
  const line = (rows: readonly Place[], type: 'solid' | 'dashed') => ({
    type: 'line' as const,
    silent: true,
    symbol: 'none',
    z: 2,
    ...axes,
    data: rows.map((row) => [row.train_cases, row.value]),
    lineStyle: { color: colour, width: 1.5, type },
  });
  const band = places.flatMap((row) =>
    row.low === null || row.high === null ? [] : [{ x: row.train_cases, low: row.low, high: row.high }],
  );
  return [
    bandAround(band, palette.band, grid),
    line(known, 'solid'),
    line([...known.slice(-1), ...beyond], 'dashed'),
    {
      type: 'scatter' as const,
      ...axes,
      z: 3,
      symbolSize: 9,
      data: points.map((row) => ({
        value: [row.train_cases, row.mean ?? 0],
        name: words(row),
        open: testedKey(row.version, row.structure),
        itemStyle: {
          color: row.promoted ? colour : palette.panel,
          borderColor: colour,
          borderWidth: 1.5,
        },
      })),
      ...(goal === null ? {} : { markLine: goalLine(goal, palette) }),
    },
  ];
}

function goalLine(goal: number, palette: Palette) {
  return {
    silent: true,
    symbol: 'none',
    data: [{ yAxis: goal }],
    lineStyle: { color: palette.needsYou, type: 'dashed' as const },
    label: {
      formatter: `goal ${goal.toFixed(2)}`,
      color: palette.text,
      // Above a line at the top the title stands.
      position: goal > 0.9 ? ('insideStartBottom' as const) : ('insideStartTop' as const),
    },
  };
}

/** Of some structures fewer models count: their surface Dice was measured at another tolerance. */
function leftOut(project: Project, forecasts: readonly Forecast[]): string {
  const usual = forecasts.find(({ structure }) => structure === '')?.left_out ?? 0;
  const fewer = forecasts.filter((row) => row.structure !== '' && row.left_out > usual);
  const names = fewer.map(
    (row) => `${nameOf(project, row.structure)} (${row.left_out - usual} of the models)`,
  );
  return names.length === 0
    ? ''
    : ` Left out, as measured at another tolerance than the one in force: ${names.join(', ')}.`;
}

function words(row: Point): string {
  const gate = row.promoted ? 'promoted' : 'not promoted';
  return `model ${row.version} (${gate}): ${(row.mean ?? 0).toFixed(3)} from ${row.train_cases} training cases, n = ${row.cases} test cases`;
}

function caption(row: Forecast | undefined): string {
  const marks = 'Dot: a model that was promoted; ring: one that was not; by accepted training cases.';
  if (row === undefined) {
    return marks;
  }
  if (row.gain === null) {
    return `${marks} ${basis(row)} ${row.reason}`;
  }
  const band =
    row.gain_low === null
      ? row.reason
      : 'Grey: 95 % band for other test cases. Each size was trained once, on sets that grew: the luck of a training is not in it.';
  return `${marks} ${basis(row)} Line: c − a·n^−b, dashed beyond what was tried. ${band}`;
}
