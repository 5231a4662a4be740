import { useMemo } from 'react';
import { isGoingOn, type Run, type RunEpoch } from '../../../../api';
import { ChartFrame, type Draw, numberAxis, type Palette } from '../../../../charts';
import { score } from '../../../words';

const HEIGHT = 260;

interface Series {
  readonly name: string;
  readonly member: number;
  readonly points: readonly (readonly [number, number])[];
}

/** How the loss falls, epoch by epoch; several networks of one run one after the other. */
export function LossChart({ run }: { readonly run: Run }) {
  const series = useMemo(() => lossOf(run), [run]);
  return (
    <Curves
      run={run}
      question="Does the loss still fall?"
      axis="loss"
      series={series}
      caption={`Smoothed training loss at the end of each epoch. n = ${run.epochs.length} epochs.`}
      name="loss"
      format={(value) => value.toFixed(3)}
    />
  );
}

/** What the validation cases say of each structure. */
export function DiceChart({ run }: { readonly run: Run }) {
  const series = useMemo(() => diceOf(run), [run]);
  const { validation } = run.cases;
  return (
    <Curves
      run={run}
      question="Which structures are learned?"
      axis="validation Dice"
      series={series}
      caption={`Dice on ${validation} validation ${validation === 1 ? 'case' : 'cases'} after each epoch, on the training’s grid: for watching, not for comparing models.`}
      name="validation-dice"
      isShare
      format={score}
      empty={
        validation === 0 && series.length === 0
          ? 'There are no validation cases, so nothing is measured meanwhile. Import cases into the split “validation”.'
          : null
      }
    />
  );
}

interface CurvesProps {
  readonly run: Run;
  readonly question: string;
  readonly axis: string;
  readonly series: readonly Series[];
  readonly caption: string;
  readonly name: string;
  readonly isShare?: boolean;
  readonly format: (value: number) => string;
  readonly empty?: string | null;
}

function Curves({
  run,
  question,
  axis,
  series,
  caption,
  name,
  isShare = false,
  format,
  empty = null,
}: CurvesProps) {
  const draw: Draw = useMemo(
    () => (palette) => option(series, run, palette, axis, isShare),
    [series, run, axis, isShare],
  );
  const columns = ['Network', 'Epoch', 'Of', axis];
  const rows = series.flatMap(({ name: of, member, points }) =>
    points.map(([epoch, value]) => ({ cells: [String(member + 1), String(epoch), of, format(value)] })),
  );
  return (
    <ChartFrame
      question={question}
      caption={caption}
      height={HEIGHT}
      draw={draw}
      name={`run-${run.id}-${name}`}
      rows={() => csvOf(columns, rows)}
      table={{ columns, rows }}
      empty={empty ?? (rows.length === 0 ? noEpoch(run) : null)}
    />
  );
}

const noEpoch = (run: Run): string =>
  isGoingOn(run) ? 'No epoch has ended yet.' : 'It ended before its first epoch did.';

function option(series: readonly Series[], run: Run, palette: Palette, axis: string, isShare: boolean) {
  const hasLegend = new Set(series.map(({ name }) => name)).size > 1;
  return {
    grid: { left: 30, right: 16, top: hasLegend ? 34 : 12, bottom: 40, containLabel: true },
    legend: {
      show: hasLegend,
      top: 0,
      left: 0,
      type: 'scroll' as const,
      icon: 'roundRect',
      itemHeight: 3,
      textStyle: { color: palette.text },
      pageTextStyle: { color: palette.muted },
    },
    tooltip: { trigger: 'axis' as const, valueFormatter: (value: unknown) => score(Number(value)) },
    xAxis: { ...numberAxis(palette, { name: 'epoch' }), minInterval: 1 },
    yAxis: { ...numberAxis(palette, { name: axis, ...(isShare ? { min: 0, max: 1 } : {}) }), nameGap: 40 },
    series: series.map(({ name, member, points }, place) => ({
      type: 'line' as const,
      name,
      showSymbol: points.length < 30,
      symbolSize: 5,
      color: colourOf(name, place, run, palette),
      lineStyle: { width: 1.75, type: (['solid', 'dashed', 'dotted'] as const)[member % 3] ?? 'solid' },
      data: points.map((point) => [...point]),
    })),
  };
}

function colourOf(name: string, place: number, run: Run, { series, accent }: Palette): string {
  const structure = run.structures.findIndex((one) => one.name === name);
  const wanted = structure < 0 ? place : structure;
  return series[wanted % series.length] ?? accent;
}

function lossOf({ epochs, members }: Run): readonly Series[] {
  return membersOf(epochs).map((member) => ({
    name: members === 1 ? 'loss' : `network ${member + 1}`,
    member,
    points: epochs.filter((one) => one.member === member).map((one) => [one.epoch + 1, one.loss]),
  }));
}

/** The mean is no structure: it is drawn by itself only where there are several. */
function diceOf({ epochs, structures }: Run): readonly Series[] {
  return membersOf(epochs)
    .flatMap((member) =>
      structures.map(({ key, name }) => ({
        name,
        member,
        points: epochs
          .filter((one) => one.member === member)
          .flatMap((one) => {
            const dice = one.dice[key];
            return typeof dice === 'number' ? [[one.epoch + 1, dice] as const] : [];
          }),
      })),
    )
    .filter(({ points }) => points.length > 0);
}

function membersOf(epochs: readonly RunEpoch[]): readonly number[] {
  return [...new Set(epochs.map(({ member }) => member))].sort((one, other) => one - other);
}

function csvOf(columns: readonly string[], rows: readonly { readonly cells: readonly string[] }[]): string {
  const lines = [columns, ...rows.map(({ cells }) => cells)].map((cells) => cells.join(','));
  return `data:text/csv;charset=utf-8,${encodeURIComponent(lines.join('\n'))}`;
}
