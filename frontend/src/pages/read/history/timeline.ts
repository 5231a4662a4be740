/** The revisions of a mask as a person remembers them: what was done with which tools, and when. */

import type { RevisionEntry } from '../../../api';

/** Revisions that belong together, newest first. */
export interface Stretch {
  readonly revisions: readonly RevisionEntry[];
  readonly kind: RevisionEntry['kind'];
  readonly author: string | null;
  /** Times of the oldest and the newest revision. */
  readonly from: string;
  readonly to: string;
  /** In the order of use. */
  readonly tools: readonly string[];
  readonly structures: readonly { readonly layer: number; readonly value: number }[];
  readonly added: number;
  readonly removed: number;
}

const PAUSE_MS = 2 * 60_000;
const LONGEST_MS = 10 * 60_000;

/**
 * Groups revisions (newest first): strokes of one author with the same tools and without a pause of two minutes are
 * one stretch, at most ten minutes long. A submit, a restore or a merge stands alone.
 */
export function stretchesOf(revisions: readonly RevisionEntry[]): Stretch[] {
  const groups: RevisionEntry[][] = [];
  for (const revision of revisions) {
    const group = groups.at(-1);
    if (group !== undefined && belongs(revision, group)) {
      group.push(revision);
    } else {
      groups.push([revision]);
    }
  }
  return groups.map(stretchOf);
}

function belongs(older: RevisionEntry, group: readonly RevisionEntry[]): boolean {
  const [newest] = group;
  const next = group.at(-1);
  if (newest === undefined || next === undefined) {
    return false;
  }
  return (
    isDrawn(older) &&
    isDrawn(next) &&
    older.kind === next.kind &&
    older.author === next.author &&
    between(older, next) <= PAUSE_MS &&
    between(older, newest) <= LONGEST_MS &&
    sameTools(older, next)
  );
}

/** Saved while drawing, as against a submit, a restore and the like. */
function isDrawn({ kind }: RevisionEntry): boolean {
  return kind === 'autosave' || kind === 'review_fix';
}

function between(older: RevisionEntry, newer: RevisionEntry): number {
  return Date.parse(newer.at) - Date.parse(older.at);
}

/** Undoing belongs to what is undone: it does not break a stretch. */
function sameTools(a: RevisionEntry, b: RevisionEntry): boolean {
  const ofA = drawingTools(a);
  const ofB = drawingTools(b);
  return ofA.size === 0 || ofB.size === 0 || [...ofA].some((tool) => ofB.has(tool));
}

function drawingTools({ events }: RevisionEntry): Set<string> {
  return new Set(events.map(({ tool }) => tool).filter((tool) => tool !== 'undo' && tool !== 'redo'));
}

function stretchOf(revisions: readonly RevisionEntry[]): Stretch {
  const newest = revisions[0] as RevisionEntry;
  const oldest = revisions.at(-1) as RevisionEntry;
  const events = revisions.toReversed().flatMap((revision) => revision.events);
  const structures = new Map(
    events.map(({ layer, structure }) => [`${layer}/${structure}`, { layer, value: structure }]),
  );
  return {
    revisions,
    kind: newest.kind,
    author: newest.author,
    from: oldest.at,
    to: newest.at,
    tools: [...new Set(events.map(({ tool }) => tool))],
    structures: [...structures.values()],
    added: sum(events.map(({ added }) => added)),
    removed: sum(events.map(({ removed }) => removed)),
  };
}

function sum(numbers: readonly number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}

const KINDS: Partial<Readonly<Record<RevisionEntry['kind'], string>>> = {
  submit: 'Submitted',
  restore: 'Restored',
  merge: 'Branch put on top',
  import: 'Imported',
  prediction: 'Predicted',
  branch: 'Kept as a branch',
};

const TOOLS: Readonly<Record<string, string>> = {
  threshold_brush: 'threshold brush',
  accept_brush: 'accept prediction',
  level_tracing: 'level tracing',
  flood_fill: 'flood fill',
  grow: 'grow from seeds',
  interpolate: 'fill between slices',
  smooth: 'smoothing',
  paste_slice: 'paste slice',
  swap_sides: 'swap sides',
  take_a: 'take A',
  take_b: 'take B',
  majority: 'take the majority',
  take_proposal: 'take a newer proposal',
};

/** What was done, in the words of the tool bar: `Brush, eraser`, or `Submitted`. */
export function doneWords({ kind, tools }: Pick<Stretch, 'kind' | 'tools'>): string {
  const named = KINDS[kind];
  if (named !== undefined) {
    return named;
  }
  const words = tools.length === 0 ? 'drawn' : tools.map((tool) => TOOLS[tool] ?? tool).join(', ');
  return words.charAt(0).toUpperCase() + words.slice(1);
}

/** `14:32`, or `14:32–14:38`, in any language: the column has room for no more. */
export function timeWords({ from, to }: Pick<Stretch, 'from' | 'to'>): string {
  const [start, end] = [from, to].map((iso) =>
    new Date(iso).toLocaleTimeString(undefined, { hour: '2-digit', minute: '2-digit', hourCycle: 'h23' }),
  );
  return start === end ? `${end}` : `${start}–${end}`;
}

/** The day as a heading: `today`, `yesterday`, or the date. */
export function dayWords(iso: string, now: Date = new Date()): string {
  const day = new Date(iso);
  if (day.toDateString() === now.toDateString()) {
    return 'Today';
  }
  const yesterday = new Date(now);
  yesterday.setDate(now.getDate() - 1);
  return day.toDateString() === yesterday.toDateString()
    ? 'Yesterday'
    : day.toLocaleDateString(undefined, { dateStyle: 'medium' });
}

/** `+1 203 −330 voxels`; empty where nothing changed. */
export function voxelWords(added: number, removed: number): string {
  const parts = [added > 0 ? `+${grouped(added)}` : '', removed > 0 ? `−${grouped(removed)}` : ''];
  const words = parts.filter((part) => part !== '').join(' ');
  return words === '' ? '' : `${words} voxels`;
}

function grouped(count: number): string {
  return String(count).replace(/\B(?=(\d{3})+$)/g, '\u202f');
}
