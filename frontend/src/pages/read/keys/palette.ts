/** Finding actions and structures by a few letters. */
import type { Structure } from '../../../api';
import type { Action } from './actions';

export type Entry =
  | { readonly kind: 'action'; readonly id: string; readonly words: string; readonly action: Action }
  | {
      readonly kind: 'structure';
      readonly id: string;
      readonly words: string;
      readonly structure: Structure;
    };

export function entriesOf(actions: readonly Action[], structures: readonly Structure[]): readonly Entry[] {
  const byPlace = /^structure\.\d$/;
  return [
    ...actions
      .filter(({ id }) => id !== 'panel.palette' && !byPlace.test(id))
      .map((action): Entry => ({ kind: 'action', id: action.id, words: wordsOf(action), action })),
    ...structures.map(
      (structure): Entry => ({
        kind: 'structure',
        id: `structure ${structure.key}`,
        words: structure.name,
        structure,
      }),
    ),
  ];
}

/** Words that stand under a heading in the overview need the heading when they stand alone. */
function wordsOf({ group, words }: Action): string {
  return group === 'Brush' || group === 'Paint where' || group === 'Panels'
    ? `${group === 'Paint where' ? 'Paint' : group === 'Brush' ? 'Brush' : 'Open'}: ${words}`
    : words;
}

/** Best first: the whole phrase at the start, then words that begin with what was typed, then letters anywhere. */
export function found<T extends { readonly words: string }>(
  entries: readonly T[],
  typed: string,
): readonly T[] {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') {
    return entries;
  }
  return entries
    .map((entry) => ({ entry, rank: rankOf(entry.words.toLowerCase(), wanted) }))
    .filter(({ rank }) => rank < NOT_FOUND)
    .sort((a, b) => a.rank - b.rank)
    .map(({ entry }) => entry);
}

const NOT_FOUND = 4;

function rankOf(words: string, wanted: string): number {
  if (words.startsWith(wanted)) {
    return 0;
  }
  const own = words.split(/[^\p{L}\p{N}]+/u);
  const parts = wanted.split(/\s+/);
  if (parts.every((part) => own.some((word) => word.startsWith(part)))) {
    return 1;
  }
  if (parts.every((part) => words.includes(part))) {
    return 2;
  }
  return own
    .map((word) => word[0] ?? '')
    .join('')
    .startsWith(wanted)
    ? 3
    : NOT_FOUND;
}

export function foundActions(actions: readonly Action[], typed: string): readonly Action[] {
  const named = actions.map((action) => ({ action, words: wordsOf(action) }));
  return found(named, typed).map(({ action }) => action);
}
