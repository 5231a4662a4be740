/** Masks of the open case that the reader may see, by names that a person knows them by. */

import type { Assignment, MaskRef } from '../../../api';
import { when } from '../../words';

export type Source =
  | { readonly kind: 'mine' }
  | { readonly kind: 'prediction' }
  /** Review: what the reader handed in. */
  | { readonly kind: 'read' }
  /** Adjudication: the second read. */
  | { readonly kind: 'rival' }
  /** What a newer model, or labelled cases, made of it since. */
  | { readonly kind: 'proposal'; readonly mask: string; readonly number: number; readonly words: string }
  | { readonly kind: 'revision'; readonly mask: string; readonly number: number }
  | { readonly kind: 'branch'; readonly mask: string; readonly number: number; readonly at: string };

export const MINE: Source = { kind: 'mine' };
export const PREDICTION: Source = { kind: 'prediction' };

/** What can always be chosen; revisions come from the history. */
export function sourcesOf({ prediction_mask, subject, rival, branches }: Assignment): Source[] {
  return [
    MINE,
    ...(prediction_mask === null ? [] : [PREDICTION]),
    ...(subject === null ? [] : [{ kind: 'read' } as const]),
    ...(rival === null ? [] : [{ kind: 'rival' } as const]),
    ...branches.map(({ mask, head, at }): Source => ({ kind: 'branch', mask, number: head, at })),
  ];
}

/** What the own mask is compared with where nothing was chosen; a read from scratch has its own beginning. */
export function usualBase(assignment: Assignment): Source {
  const other = sourcesOf(assignment).find(({ kind }) => kind !== 'mine');
  return other ?? { kind: 'revision', mask: assignment.mask.id, number: 0 };
}

const OWN: Readonly<Record<Assignment['role'], string>> = {
  annotate: 'My mask',
  review: 'Mask with my fixes',
  adjudicate: 'What I decided',
};

/** Identity, for lists and for keeping what was fetched. */
export function sourceKey(source: Source): string {
  return 'mask' in source ? `${source.kind}/${source.mask}/${source.number}` : source.kind;
}

export function sourceWords(source: Source, { role, model_version }: Assignment): string {
  switch (source.kind) {
    case 'mine':
      return OWN[role];
    case 'prediction':
      return model_version === null ? 'Prediction' : `Prediction of model ${model_version}`;
    case 'read':
      return role === 'adjudicate' ? 'Reader A' : 'As the reader handed it in';
    case 'rival':
      return 'Reader B';
    case 'revision':
      return source.number === 0 ? 'The start' : `Revision ${source.number}`;
    case 'proposal':
      return source.words;
    case 'branch':
      return `Branch of ${when(source.at)}`;
  }
}

/** Where the bytes are; null for the mask that is being drawn. */
export function maskOf(source: Source, { prediction_mask, subject, rival }: Assignment): MaskRef | null {
  switch (source.kind) {
    case 'mine':
      return null;
    case 'prediction':
      return prediction_mask;
    case 'read':
      return subject?.mask ?? null;
    case 'rival':
      return rival;
    case 'proposal':
    case 'revision':
    case 'branch':
      return { id: source.mask, head: source.number };
  }
}
