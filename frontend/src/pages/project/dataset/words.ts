/** What a data set consists of, in words; what a list of its cases asks for. */

import type {
  CasesAsked,
  DatasetBar,
  DatasetGroup,
  DatasetMeasure,
  DatasetStructure,
  Division,
  Narrowed,
  SplitChange,
  SplitCounts,
} from '../../../api';
import { CASE_STATES } from '../../words';

export const ALL: Narrowed = { source: '', site: '', scanner: '' };
/** Asks for what is not known. */
export const NOT_KNOWN = '?';

/** In the order of the page. */
export const GROUPS: Readonly<Record<string, string>> = {
  split: 'Split',
  state: 'State',
  site: 'Site',
  scanner: 'Scanner',
  kernel: 'Kernel',
  kvp: 'Tube voltage',
  contrast: 'Contrast agent',
};

export const MEASURES: Readonly<Record<string, { readonly question: string; readonly unit: string }>> = {
  in_plane_mm: { question: 'How fine are the slices?', unit: 'mm between voxels in a slice' },
  gap_mm: { question: 'How far apart are the slices?', unit: 'mm between slices' },
  slices: { question: 'How many slices have the scans?', unit: 'slices' },
  field_mm: { question: 'How wide is the field of view?', unit: 'mm' },
  volume_ml: { question: 'How large are the scans?', unit: 'ml' },
};

export const PRIORITIES = [
  { value: '2', label: 'First' },
  { value: '1', label: 'High' },
  { value: '0', label: 'Usual' },
  { value: '-1', label: 'Low' },
] as const;

export const LEVELS: Readonly<Record<string, string>> = {
  same: 'another patient, known site and scanner',
  new_scanner: 'a scanner that nothing is trained on',
  new_site: 'a site that nothing is trained on',
  not_known: 'site or scanner not known',
};

const SPLITS: readonly (keyof SplitCounts)[] = ['pool', 'validation', 'test'];

export const count = (n: number, one: string, many = `${one}s`): string =>
  `${n.toLocaleString('en-GB')} ${n === 1 ? one : many}`;

/** A word of a group as people read it. */
export function groupWord({ what, word }: Pick<DatasetGroup, 'what' | 'word'>): string {
  if (word === '') {
    return 'not known';
  }
  if (what === 'state') {
    return (CASE_STATES as Readonly<Record<string, string>>)[word] ?? word;
  }
  return what === 'kvp' ? `${word} kV` : word;
}

/** The cases that a group counts. */
export function groupAsked(row: DatasetGroup, narrowed: Narrowed): CasesAsked {
  return { ...narrowed, [row.what]: row.word === '' ? NOT_KNOWN : row.word };
}

export function barAsked(bar: DatasetBar, narrowed: Narrowed): CasesAsked {
  return { ...narrowed, measure: bar.measure, low: bar.low, high: bar.high };
}

export function barWords({ low, high }: DatasetBar): string {
  return `${number(low)} – ${number(high)}`;
}

export function measureWords(row: DatasetMeasure): string {
  if (row.least === null || row.median === null || row.most === null) {
    return 'Known of no case.';
  }
  const gone = row.not_known === 0 ? '' : ` Not known of ${count(row.not_known, 'case')}.`;
  return `n = ${count(row.cases, 'case')}: ${number(row.least)} to ${number(row.most)}, median ${number(row.median)}.${gone}`;
}

export function number(value: number): string {
  return value.toLocaleString('en-GB', { maximumFractionDigits: Math.abs(value) < 10 ? 3 : 1 });
}

/** What a list of cases asks for, as its heading. */
export function listTitle(asked: CasesAsked, names: ReadonlyMap<string, string>): string {
  const { structure, shown, measure, low, high, ...words } = asked;
  const said = Object.entries(words)
    .filter(([, word]) => word !== '')
    .map(([what, word]) => {
      const name = GROUPS[what] ?? (what === 'source' ? 'Data set' : what);
      return `${name}: ${groupWord({ what, word: word === NOT_KNOWN ? '' : String(word) })}`;
    });
  if (structure !== undefined) {
    const name = names.get(String(structure)) ?? String(structure);
    said.unshift(`${name}: ${String(shown ?? 'annotated').replaceAll('_', ' ')}`);
  }
  if (measure !== undefined) {
    const unit = MEASURES[String(measure)]?.unit ?? '';
    said.unshift(`${number(Number(low))} – ${number(Number(high))} ${unit}`);
  }
  return said.length === 0 ? 'All cases' : said.join(' · ');
}

/** How far a structure is to its goal of cases, 0 to 100; null without a goal. */
export function progress({
  pool,
  goal_cases: goal,
}: Pick<DatasetStructure, 'pool' | 'goal_cases'>): number | null {
  return goal === null ? null : Math.min(100, (100 * pool) / goal);
}

export function publishedWords(row: DatasetStructure): string {
  if (row.published_low === null || row.published_high === null) {
    return '';
  }
  const low = row.published_low.toFixed(2);
  const high = row.published_high.toFixed(2);
  return low === high ? low : `${low} – ${high}`;
}

/** By priority, then by what is missing most to the goal, then by name. */
export function byNeed(rows: readonly DatasetStructure[]): readonly DatasetStructure[] {
  const missing = (row: DatasetStructure): number => 100 - (progress(row) ?? 101);
  return [...rows].sort(
    (one, other) =>
      other.priority - one.priority || missing(other) - missing(one) || one.name.localeCompare(other.name),
  );
}

export const START: Division = {
  method: 'random',
  validation: 0.1,
  test: 0.2,
  seed: 0,
  stratify: '',
  redraw: false,
  by: 'site',
  to_validation: [],
  to_test: [],
  cases: [],
  to: 'test',
  anchored: false,
};

export function changeWords({
  before,
  after,
}: {
  readonly before: SplitCounts;
  readonly after: SplitCounts;
}) {
  return SPLITS.map((split) => {
    const moved = after[split] - before[split];
    const sign = moved > 0 ? '+' : '−';
    return moved === 0 ? `${after[split]}` : `${after[split]} (${sign}${Math.abs(moved)})`;
  });
}

/** A narrowing as the query of a table, without what is not asked for. */
export function asQuery(narrowed: Narrowed): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(narrowed).filter(([, word]) => word !== ''));
}

/** How a division was asked for, in one line. */
export function methodWords({
  method,
  asked,
}: Pick<SplitChange, 'method'> & { readonly asked: unknown }): string {
  const given = { ...START, ...(asked as Partial<Division>) };
  if (method === 'random') {
    const by = given.stratify === '' ? '' : `, alike in every ${given.stratify}`;
    const shares = `${percent(given.validation)} validation, ${percent(given.test)} test`;
    return `by lot: ${shares}${by}, seed ${given.seed}`;
  }
  if (method === 'held_out') {
    const held = [
      ...given.to_validation.map((word) => `${word} for validation`),
      ...given.to_test.map((word) => `${word} for the test`),
    ];
    return `${given.by} held out: ${held.join(', ')}`;
  }
  return `${count(given.cases.length, 'case')} chosen for ${given.to}`;
}

const percent = (share: number): string => `${Math.round(100 * share)} %`;

/** `1, 4-6` as numbers; null where it is something else. */
export function numbersOf(typed: string): readonly number[] | null {
  const found = new Set<number>();
  for (const part of typed.split(/[\s,;]+/).filter((one) => one !== '')) {
    const match = /^(\d{1,7})(?:[-–](\d{1,7}))?$/.exec(part);
    const first = Number(match?.[1]);
    const last = Number(match?.[2] ?? match?.[1]);
    if (match === null || last < first || last - first > 10_000) {
      return null;
    }
    for (let one = first; one <= last; one += 1) {
      found.add(one);
    }
  }
  return [...found].sort((one, other) => one - other);
}
