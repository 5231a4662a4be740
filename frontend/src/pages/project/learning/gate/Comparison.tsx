import { Button } from '@mantine/core';
import { useMemo } from 'react';
import { type GateComparison, type GateFigures, type Project, useGateComparison } from '../../../../api';
import { ChartFrame, type Draw, intervalsOf, nameAxis, numberAxis, type Palette } from '../../../../charts';
import { csvOf } from '../../own/csv';
import classes from './gate.module.css';
import { differenceWords, endsOf, type Line, linesOf, STANDING, type Standing } from './lines';

const LINE = 17;
const LETTER = 6.5;

/** A model against the one that served when it was made, structure by structure. */
export function Comparison({ project, version }: { readonly project: Project; readonly version: number }) {
  const asked = useGateComparison(project.id, version);
  if (asked.data === undefined) {
    return asked.error === null ? (
      <div className={classes.waiting} aria-busy="true" />
    ) : (
      <p role="alert">
        {asked.error.message}{' '}
        <Button size="compact-sm" variant="default" onClick={() => void asked.refetch()}>
          Try again
        </Button>
      </p>
    );
  }
  const { sentence, figures } = asked.data;
  return (
    <>
      {sentence !== '' && (
        <p className={classes.sentence} data-state={asked.data.state}>
          {sentence}
        </p>
      )}
      {figures === null || figures.dice.overall === null ? (
        <p className={classes.quiet}>{nothing(asked.data)}</p>
      ) : (
        <Chart project={project} version={version} figures={figures} />
      )}
    </>
  );
}

function nothing({ figures, state }: GateComparison): string {
  if (figures !== null) {
    return 'No test case was scored with both models. Accept test cases to compare the next one.';
  }
  return state === 'serving'
    ? 'Nothing served before it, so there was nothing to compare it with.'
    : 'There was nothing to compare it with.';
}

interface ChartProps {
  readonly project: Project;
  readonly version: number;
  readonly figures: GateFigures;
}

const COLUMNS = ['Structure', 'Measure', 'Difference (95 % CI)', 'Cases', 'Not applicable', 'Gate'];

function Chart({ project, version, figures }: ChartProps) {
  const names = useMemo(
    () => new Map(project.structures.map(({ key, name }) => [key, name])),
    [project.structures],
  );
  const lines = useMemo(() => linesOf(figures, names), [figures, names]);
  const rows = useMemo(() => lines.map(cellsOf), [lines]);
  const draw = useMemo<Draw>(
    () => (palette, width) => drawn(lines, figures.margin, palette, width),
    [lines, figures.margin],
  );
  return (
    <ChartFrame
      question={`Is model ${version} better than model ${figures.compared_with}?`}
      caption={caption(version, figures)}
      height={Math.max(150, lines.length * LINE + 64)}
      draw={draw}
      name={`model-${version}-against-${figures.compared_with}`}
      rows={csvOf(COLUMNS, rows)}
      table={{ columns: COLUMNS, rows: rows.map((cells) => ({ cells })) }}
    />
  );
}

function cellsOf({ name, measure, difference, standing }: Line): readonly string[] {
  return [
    name,
    measure,
    differenceWords(difference),
    String(difference.cases),
    String(difference.not_applicable),
    STANDING[standing],
  ];
}

function drawn(lines: readonly Line[], margin: number, palette: Palette, width: number) {
  const labels = lines.map(({ name, measure }) => (measure === 'Dice' ? `${name}   Dice` : 'surface'));
  const room = 16 + LETTER * Math.max(0, ...labels.map(({ length }) => length));
  return {
    grid: { left: room, right: width > 700 ? 240 : 24, top: 22, bottom: 42 },
    tooltip: { formatter: (given: unknown) => String(Object(given).name ?? '') },
    xAxis: numberAxis(palette, {
      name: 'Difference of the means (to the right: better)',
      ...endsOf(lines, margin),
      format: (value) => String(Number(value.toFixed(3))).replace('-', '−'),
    }),
    yAxis: nameAxis(palette, labels),
    series: [
      { type: 'line' as const, data: [], silent: true, markLine: limits(margin, palette) },
      intervalsOf(
        lines.map((line, row) => ({
          row,
          estimate: line.difference.mean,
          low: line.difference.low,
          high: line.difference.high,
          colour: colourOf(line.standing, palette, line.measure),
          isDiamond: line.structure === '',
          words: width > 700 ? differenceWords(line.difference) : '',
          title:
            `${line.name}, ${line.measure}: ${differenceWords(line.difference)}, ` +
            `n = ${line.difference.cases} cases. ${STANDING[line.standing]}`,
        })),
        palette,
      ),
    ],
  };
}

function limits(margin: number, palette: Palette) {
  const label = { color: palette.muted, fontSize: 11, position: 'start' as const };
  return {
    silent: true,
    symbol: 'none',
    data: [
      {
        xAxis: 0,
        lineStyle: { color: palette.muted, type: 'solid' as const, width: 1 },
        label: { ...label, formatter: 'no difference', align: 'left' as const },
      },
      {
        xAxis: -margin,
        lineStyle: { color: palette.loss, type: 'dashed' as const, width: 1 },
        label: { ...label, color: palette.loss, formatter: 'margin ', align: 'right' as const },
      },
    ],
  };
}

function colourOf(standing: Standing, palette: Palette, measure: Line['measure']): string {
  if (standing === 'worse') return palette.loss;
  if (standing === 'doubtful') return palette.needsYou;
  return measure === 'Dice' ? (palette.series[0] ?? palette.accent) : palette.muted;
}

function caption(version: number, { cases, compared_with: other, margin, dice }: GateFigures): string {
  const left = dice.overall?.not_applicable ?? 0;
  return (
    `Model ${version} minus model ${other} on the same ${cases.length} frozen test case` +
    `${cases.length === 1 ? '' : 's'} (${listed(cases)}), against the same accepted delineations. ` +
    'Whiskers: 95 % CI, paired bootstrap over cases; of one case there is none. Above: Dice, below: surface Dice at the ' +
    `structure’s tolerance. Red: below the margin of −${margin.toFixed(3)} and no part of the interval above 0, ` +
    'which forbids promotion; amber: below the margin, but chance may explain it.' +
    (left > 0 ? ` ${left} pairs did not apply and are left out.` : '')
  );
}

function listed(cases: readonly number[]): string {
  const shown = cases.slice(0, 12).join(', ');
  return cases.length > 12 ? `case ${shown} and ${cases.length - 12} more` : `case ${shown}`;
}
