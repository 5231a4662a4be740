import { useCallback, useMemo } from 'react';
import { type DashboardRows, rowsAddress, useRows } from '../../../api';
import {
  type Band,
  bandsOf,
  ChartFrame,
  type Draw,
  type Interval,
  intervalsOf,
  nameAxis,
  numberAxis,
  type Palette,
} from '../../../charts';
import { casesKey } from '../behind/CasesBehind';
import type { Choice } from './AgreementTab';
import { axisEnds, inPieces, type StructureLine } from './layout';
import { behindWords, type Mark, METRICS, type Metric, withInterval } from './metrics';

type Published = DashboardRows['published'];

const LINE = 17;
const LETTER = 6.5;

interface Line extends StructureLine {
  readonly mark: Mark;
}

const heightOf = (lines: readonly Line[]): number => Math.max(160, lines.length * LINE + 56);

/** Readers structure by structure, over the band of the same readers against themselves and published ones. */
export function StructureChart({ project, metric, starts, label, onOpen }: Choice) {
  const between = useRows(project.id, 'agreement', { metric, kind: 'inter' });
  const withModels = useRows(project.id, 'agreement', { metric, kind: 'prediction' });
  const within = useRows(project.id, 'agreement', { metric, kind: 'intra' });
  const marks = useMemo(
    () => [...(between.data ?? []), ...(withModels.data ?? [])],
    [between.data, withModels.data],
  );
  const published = useRows(project.id, 'published');
  const names = useMemo(
    () => new Map(project.structures.map((structure) => [structure.key, structure.name])),
    [project.structures],
  );
  const lines = useMemo(() => linesOf(marks, starts, [...names.keys()]), [marks, starts, names]);
  const own = useMemo(
    () => (within.data ?? []).filter((mark) => mark.starts === starts),
    [within.data, starts],
  );
  const theirs = useMemo(
    () => (published.data ?? []).filter((band) => band.metric === metric && band.kind === 'inter'),
    [published.data, metric],
  );
  const axis = useMemo(() => axisOf(lines, own, theirs, metric), [lines, own, theirs, metric]);
  // The same room for names in every piece, so that one stands exactly below the other.
  const room = useMemo(
    () =>
      16 + LETTER * Math.max(0, ...lines.map((line, place) => nameOf(line, lines[place - 1], names).length)),
    [lines, names],
  );
  const drawn = useCallback(
    (some: readonly Line[]): Draw =>
      (palette) => ({
        grid: { left: room, right: 150, top: 8, bottom: 40 },
        tooltip: { formatter: (given) => (Array.isArray(given) ? '' : given.name) },
        xAxis: numberAxis(palette, axis),
        yAxis: nameAxis(
          palette,
          some.map((line, place) => nameOf(line, some[place - 1], names)),
        ),
        series: [
          bandsOf([...ownBands(own, some, palette, metric), ...publishedBands(theirs, some, palette)]),
          intervalsOf(
            some.flatMap((line, row) => interval(line, row, metric, palette)),
            palette,
          ),
        ],
      }),
    [names, own, theirs, metric, axis, room],
  );
  const draw = useMemo(() => drawn(lines), [drawn, lines]);
  const pieces = useMemo(
    () => inPieces(lines).map((some) => ({ draw: drawn(some), height: heightOf(some) })),
    [drawn, lines],
  );
  return (
    <ChartFrame
      question="Do readers agree with each other as well as with themselves?"
      caption={caption(lines, own, theirs, label)}
      height={heightOf(lines)}
      draw={draw}
      {...(pieces.length > 1 ? { pieces } : {})}
      name={`agreement-${metric}`}
      rows={(form) => rowsAddress(project.id, 'agreement', { metric }, form)}
      onOpen={onOpen}
      table={{
        columns: [
          'Structure',
          'Who',
          `${METRICS[metric].name} (95 % CI)`,
          'Cases',
          'Scores',
          'Not applicable',
        ],
        rows: lines.map(({ structure, label: who, mark }) => ({
          cells: [
            names.get(structure) ?? structure,
            who,
            withInterval(mark, metric),
            String(mark.cases),
            String(mark.values),
            String(mark.dropped),
          ],
          open: keyOf(mark),
        })),
      }}
      empty={
        lines.length === 0 && between.data !== undefined
          ? 'Figures are being worked out. Look again in a minute.'
          : null
      }
    />
  );
}

/** The first line of a structure names it. */
function nameOf(line: Line, before: Line | undefined, names: ReadonlyMap<string, string>): string {
  const { structure, label } = line;
  return before?.structure === structure ? label : `${names.get(structure) ?? structure}   ${label}`;
}

/** The same axis for every piece, from round numbers around all that is drawn. */
function axisOf(lines: readonly Line[], own: readonly Mark[], theirs: readonly Published[], metric: Metric) {
  const shown = new Set(lines.map((line) => line.structure));
  const bands = [...own.filter((mark) => mark.who === 'all'), ...theirs].filter((one) =>
    shown.has(one.structure),
  );
  const marks = lines.map((line) => line.mark);
  const values = [
    ...marks.map((mark) => mark.estimate),
    ...[...marks, ...bands].flatMap(({ low, high }) => [low, high]),
  ].filter((value) => value !== null);
  return {
    name: METRICS[metric].axis,
    ...axisEnds(values, metric === 'hd95_mm' ? 'from zero' : 'up to one'),
  };
}

/** Everybody, each reader, then the model, for every structure that has scores from this starting point. */
function linesOf(marks: readonly Mark[], starts: string, structures: readonly string[]): readonly Line[] {
  return structures.flatMap((structure) => {
    const mine = marks.filter((mark) => mark.structure === structure);
    const inter = mine.filter((mark) => mark.kind === 'inter' && mark.starts === starts);
    const models = mine.filter(
      (mark) => mark.kind === 'prediction' && mark.who === 'model' && mark.starts.split('|').includes(starts),
    );
    const readers = inter
      .filter((mark) => mark.who === 'reader')
      .sort((a, b) => a.name.localeCompare(b.name));
    // Of two readers each agrees with the other as both do.
    const told = readers.length > 2 ? readers : [];
    return [
      ...told.map((mark) => ({ structure, label: mark.name, mark })),
      ...models.map((mark) => ({ structure, label: mark.name, mark })),
      ...inter
        .filter((mark) => mark.who === 'all')
        .map((mark) => ({ structure, label: readers.length === 2 ? 'both readers' : 'all readers', mark })),
    ];
  });
}

function keyOf(mark: Mark): string {
  const reader = mark.reader_id === null ? {} : { reader: mark.reader_id };
  const { kind, structure, starts, metric } = mark;
  return casesKey('scored_cases', { kind, structure, starts, metric, ...reader });
}

function interval({ mark, label }: Line, row: number, metric: Metric, palette: Palette): readonly Interval[] {
  if (mark.estimate === null) {
    return [];
  }
  const isModel = mark.who === 'model';
  const words = withInterval(mark, metric);
  return [
    {
      row,
      estimate: mark.estimate,
      low: mark.low,
      high: mark.high,
      colour: isModel
        ? palette.model
        : mark.who === 'all'
          ? palette.text
          : (palette.series[0] ?? palette.accent),
      isDiamond: isModel,
      open: keyOf(mark),
      words: mark.who === 'reader' ? '' : words,
      title: `${label}: ${words}, n = ${mark.cases} cases. ${mark.reason === '' ? mark.method : mark.reason}`,
    },
  ];
}

function publishedBands(
  bands: readonly Published[],
  lines: readonly Line[],
  palette: Palette,
): readonly Band[] {
  return bands.flatMap((band) => {
    const rows = rowsOf(lines, band.structure);
    if (rows === null) {
      return [];
    }
    // A single published figure is drawn as a line.
    const colour = band.low === band.high ? palette.muted : palette.band;
    return [{ low: band.low, high: band.high, ...rows, colour, title: `${band.source}: ${band.what}` }];
  });
}

function ownBands(
  marks: readonly Mark[],
  lines: readonly Line[],
  palette: Palette,
  metric: Metric,
): readonly Band[] {
  return marks.flatMap((mark) => {
    const rows = rowsOf(lines, mark.structure);
    if (rows === null || mark.estimate === null || mark.who !== 'all') {
      return [];
    }
    const { low, high, estimate } = mark;
    const title = `The same reader twice: ${withInterval(mark, metric)}, n = ${mark.cases} cases`;
    return [{ low: low ?? estimate, high: high ?? estimate, ...rows, colour: palette.ownBand, title }];
  });
}

function rowsOf(lines: readonly Line[], structure: string): { from: number; to: number } | null {
  const from = lines.findIndex((line) => line.structure === structure);
  const to = lines.findLastIndex((line) => line.structure === structure);
  return from < 0 ? null : { from, to };
}

function caption(
  lines: readonly Line[],
  own: readonly Mark[],
  theirs: readonly Published[],
  label: string,
): string {
  const cases = Math.max(0, ...lines.map(({ mark }) => mark.cases));
  const readers = Math.max(
    0,
    ...lines.filter(({ mark }) => mark.who === 'all').map(({ mark }) => mark.readers),
  );
  const intra = own.length === 0 ? 'No repeated reads yet' : 'Green band: the same reader twice, 95 % CI';
  const sources = [...new Set(theirs.map(({ source }) => source))];
  const studies = sources.length === 0 ? 'no published band' : `grey: published (${sources.join('; ')})`;
  return (
    `Reads ${label}; n = ${readers} readers, up to ${cases} cases. Dots: a reader with the others, diamond: the model ` +
    `with the readers; whiskers: 95 % CI over cases and readers. ${intra}; ${studies}.${behindWords(lines.map(({ mark }) => mark))}`
  );
}
