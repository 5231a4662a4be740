/** A first threshold for a requirement: the end of a band of human agreement, never a fixed figure. */

import type { DashboardRows, Requirement } from '../../../api';
import { startLabel } from '../../words';
import { isDistance } from './words';

type Mark = DashboardRows['agreement'];
type Published = DashboardRows['published'];
export type Asked = Pick<Requirement, 'structure' | 'metric' | 'comparator'>;

export interface Bands {
  /** Of this project, readers with themselves (intra) and with each other (inter). */
  readonly own: readonly Mark[];
  readonly published: readonly Published[];
}

export interface Suggestion {
  /** null = no band is known. */
  readonly threshold: number | null;
  /** Where it comes from, or why there is none. */
  readonly words: string;
  /** Of the study. */
  readonly address: string | null;
}

const OWN: readonly (readonly [kind: string, words: string])[] = [
  ['intra', 'agreement of this project’s readers with themselves'],
  ['inter', 'agreement of this project’s readers with each other'],
];

/** The readers' own band with themselves, else with each other, else a published one. */
export function suggested(asked: Asked, bands: Bands, name: string): Suggestion {
  if (asked.structure === '') {
    return none('Every structure has a band of its own: choose one, or type what all of them must reach.');
  }
  for (const [kind, words] of OWN) {
    const mark = ownBand(asked, bands.own, kind);
    if (mark !== undefined) {
      return ofOwn(asked, mark, words);
    }
  }
  const study = publishedBand(asked, bands.published);
  return study === undefined
    ? none(
        `No band of ${name} is known by this metric, neither of this project’s readers nor a published one: type a threshold.`,
      )
    : ofStudy(asked, study);
}

const none = (words: string): Suggestion => ({ threshold: null, words, address: null });

/** Starting points are never pooled: reads from scratch, else those of most cases; whole scans alone. */
function ownBand({ structure, metric }: Asked, marks: readonly Mark[], kind: string): Mark | undefined {
  const known = marks.filter(
    (mark) =>
      mark.kind === kind &&
      mark.who === 'all' &&
      mark.structure === structure &&
      mark.metric === metric &&
      mark.estimate !== null &&
      !mark.starts.includes('|'),
  );
  const rank = ({ starts, cases }: Mark): number => (starts === 'scratch' ? Number.POSITIVE_INFINITY : cases);
  return known.sort((a, b) => (rank(a) === rank(b) ? 0 : rank(b) - rank(a)))[0];
}

/** Against a known answer studies against one come first, else those of readers with each other. */
function publishedBand(
  { structure, metric, comparator }: Asked,
  studies: readonly Published[],
): Published | undefined {
  const known = studies.filter((study) => study.structure === structure && study.metric === metric);
  const first = comparator === 'gold' ? 'gold' : 'inter';
  return known.find((study) => study.kind === first) ?? known[0];
}

function ofOwn(asked: Asked, mark: Mark, words: string): Suggestion {
  const { estimate, low, high, cases, starts } = mark;
  const middle = estimate ?? 0;
  const threshold = endOf(asked, low ?? middle, high ?? middle);
  const interval =
    low === null || high === null ? '' : ` (95 % CI ${shown(asked, low)}–${shown(asked, high)})`;
  return {
    threshold,
    words: `${endWords(asked)} the ${words}: ${shown(asked, middle)}${interval}, reads ${startWords(starts)}, ${cases === 1 ? '1 case' : `${cases} cases`}.`,
    address: null,
  };
}

function ofStudy(asked: Asked, { low, high, source, what, address }: Published): Suggestion {
  const band =
    low === high
      ? `A published figure, ${shown(asked, low)}`
      : `${endWords(asked)} a published band, ${shown(asked, low)}–${shown(asked, high)}`;
  return { threshold: endOf(asked, low, high), words: `${band}: ${source} (${what}).`, address };
}

const endWords = ({ metric }: Asked): string => (isDistance(metric) ? 'Upper end of' : 'Lower end of');

/** The end that asks for less, rounded so that it asks for no more than the band. */
function endOf({ metric }: Asked, low: number, high: number): number {
  // What is a hair beside a round number by its binary digits alone is that number.
  return isDistance(metric) ? Math.ceil(high * 10 - 1e-9) / 10 : Math.floor(low * 1000 + 1e-9) / 1000;
}

const shown = ({ metric }: Asked, value: number): string =>
  isDistance(metric) ? `${value.toFixed(1)} mm` : value.toFixed(3);

function startWords(starts: string): string {
  const [kind, version] = starts.split(':');
  const known = kind === 'scratch' || kind === 'prediction' ? kind : 'revision';
  return known === 'revision'
    ? 'from a revision'
    : startLabel(known, version === undefined ? null : Number(version));
}
