/** Who holds a case and what becomes of it, in words. */

import type { CaseRow, HeldRead, Level, Member, PreAnnotation } from '../../api';
import { CASE_STATES, caseLabel } from '../words';
import { LEVELS } from './team/teamWords';

export interface Held {
  /** Reads and reviews that are planned, open or returned. */
  readonly open: readonly HeldRead[];
  /** The newest first. */
  readonly skipped: readonly HeldRead[];
}

const NOTHING: Held = { open: [], skipped: [] };

/** By the number of the case. */
export function heldByCase(reads: readonly HeldRead[]): (number: number) => Held {
  const cases = new Map<number, Held>();
  for (const read of reads) {
    const { open, skipped } = cases.get(read.case_number) ?? NOTHING;
    cases.set(
      read.case_number,
      read.state === 'skipped' ? { open, skipped: [...skipped, read] } : { open: [...open, read], skipped },
    );
  }
  return (number) => cases.get(number) ?? NOTHING;
}

/** What a holder does, and until when nobody else gets the case. */
export function holdWords(read: HeldRead, now: Date): string {
  if (read.state === 'planned') {
    return 'planned, not begun';
  }
  if (read.state === 'returned') {
    return 'returned, to be corrected';
  }
  const doing = read.role === 'annotate' ? '' : 'reviews, ';
  if (read.revisions > 0) {
    return `${doing}drawn, stays`;
  }
  const until = new Date(read.lease_until);
  return until < now ? `${doing}lease over` : `${doing}until ${timeWords(until)}`;
}

function timeWords(time: Date): string {
  return time.toLocaleTimeString('en-GB', { hour: '2-digit', minute: '2-digit' });
}

/** Of a case with several parts, each of them; of one with a single part, only for whom it is. */
export function partWords({ parts, split }: CaseRow): readonly string[] {
  if (split === 'test') {
    return [];
  }
  if (parts.length > 1) {
    return parts.map(({ group, state, needs_level: level }) => {
      const needs = level > 1 ? ` (${LEVELS[level].toLowerCase()})` : '';
      return `${group ?? 'all'}${needs}: ${CASE_STATES[state].toLowerCase()}`;
    });
  }
  return parts
    .filter(({ needs_level: level }) => level > 1)
    .map(({ needs_level: level }) => FOR_LEVEL[level]);
}

/** Who made a pre-annotation: `model 3`, `from cases 2, 5`, `imported`. */
export function madeByWords(made: Omit<PreAnnotation, 'source'> & { readonly source: string }): string {
  if (made.version !== null) {
    return `model ${made.version}`;
  }
  if (made.source === 'imported') {
    return 'imported';
  }
  const numbers = made.atlas_cases.join(', ');
  return `from ${made.atlas_cases.length === 1 ? 'case' : 'cases'} ${numbers}`;
}

const FOR_LEVEL: Readonly<Record<Level, string>> = {
  1: 'for everybody',
  2: 'for experienced readers',
  3: 'for experts',
};

/** Reads that can be taken from their readers; reviews go back by themselves. */
export function takeable(held: readonly Held[]): readonly HeldRead[] {
  return held.flatMap(({ open }) => open).filter(({ role }) => role === 'annotate');
}

export function readerChoice({ username, level, open }: Member): { value: string; label: string } {
  const busy = open === 0 ? 'nothing open' : `${open} open`;
  return { value: username, label: `${username} · ${LEVELS[level].toLowerCase()} · ${busy}` };
}

/** What is lost to whom when reads are taken over. */
export function takeSentence(reads: readonly HeldRead[]): string {
  const drawn = reads.filter(({ revisions }) => revisions > 0).length;
  const [first] = reads;
  if (first === undefined) {
    return '';
  }
  if (reads.length === 1) {
    const kept = drawn === 0 ? 'Nothing is drawn in it.' : `What ${first.reader} drew stays as a branch.`;
    return `Take ${caseLabel(first.case_number)} from ${first.reader}? ${kept} The case is free again.`;
  }
  const readers = [...new Set(reads.map(({ reader }) => reader))].join(', ');
  const kept =
    drawn === 0 ? 'Nothing is drawn in them.' : `What was drawn in ${drawn} of them stays as branches.`;
  return `Take ${reads.length} reads from ${readers}? ${kept} The cases are free again.`;
}

/** What a lead chooses from; the number orders the queue, the higher one first. */
export const PRIORITIES = [
  { value: '2', label: 'First' },
  { value: '1', label: 'High' },
  { value: '0', label: 'Usual' },
  { value: '-1', label: 'Low' },
] as const;

/** Nothing for the usual one. */
export function priorityWords(priority: number): string {
  if (priority === 0) {
    return '';
  }
  const known = PRIORITIES.find(({ value }) => Number(value) === priority);
  return known === undefined ? `priority ${priority}` : known.label.toLowerCase();
}

export const cases = (count: number): string => (count === 1 ? '1 case' : `${count} cases`);

/** The last minute of the day that a date field names; null for an empty one. */
export function endOfDay(date: string): string | null {
  return date === '' ? null : new Date(`${date}T23:59:00`).toISOString();
}
