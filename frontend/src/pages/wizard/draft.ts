/** What is chosen for a project that is not there yet; kept for this tab, so that a reload loses nothing. */

import type { Preset } from '../../api';

export interface Draft {
  readonly name: string;
  /** Keys of the catalogue, or names of new structures, in the order of their values. */
  readonly structures: readonly string[];
  /** Whose values the structures keep; '' = none. */
  readonly preset: string;
}

export const EMPTY: Draft = { name: '', structures: [], preset: '' };

/** All structures of a preset. Of two, the first one's values are kept; an empty choice takes on the new one's. */
export function withPreset(draft: Draft, preset: Preset): Draft {
  const keys = preset.structures.map(({ key }) => key);
  const isFirst = draft.structures.length === 0 || draft.preset === '';
  return {
    ...draft,
    preset: isFirst ? preset.key : draft.preset,
    structures: [...draft.structures, ...keys.filter((key) => !draft.structures.includes(key))],
  };
}

export function withStructure(draft: Draft, key: string): Draft {
  return draft.structures.includes(key) ? draft : { ...draft, structures: [...draft.structures, key] };
}

/** Without any structure there is no preset whose values could be kept. */
export function withoutStructure(draft: Draft, key: string): Draft {
  const structures = draft.structures.filter((other) => other !== key);
  return { ...draft, structures, preset: structures.length === 0 ? '' : draft.preset };
}

const KEY = 'delineate.new-project';

export function keptDraft(storage: Storage): Draft {
  try {
    const kept: unknown = JSON.parse(storage.getItem(KEY) ?? 'null');
    return isDraft(kept) ? kept : EMPTY;
  } catch {
    return EMPTY;
  }
}

export function keepDraft(storage: Storage, draft: Draft): void {
  try {
    storage.setItem(KEY, JSON.stringify(draft));
  } catch {
    // A full or forbidden storage: the choice then lasts as long as the page.
  }
}

export function forgetDraft(storage: Storage): void {
  storage.removeItem(KEY);
}

function isDraft(kept: unknown): kept is Draft {
  if (typeof kept !== 'object' || kept === null) {
    return false;
  }
  const { name, structures, preset } = kept as Record<string, unknown>;
  return (
    typeof name === 'string' &&
    typeof preset === 'string' &&
    Array.isArray(structures) &&
    structures.every((one) => typeof one === 'string')
  );
}
