/** The reader's own keys: kept on the server, so that they are the same at every workstation. */
import { create } from 'zustand';
import { ApiError, fetchPreferences, type Preferences, savePreferences } from '../../../api';
import { ACTIONS, type Action } from './actions';
import { shownChord } from './chord';
import { type CustomKeys, keyOf, shownKey, validKeys, withKey } from './keymap';

interface KeyState {
  readonly custom: CustomKeys;
  /** Why the last choice is not kept on the server; it holds on this page all the same. */
  readonly problem: string | null;
  /** Reads the keys again; waits for them only where none were read before. */
  readonly load: () => Promise<void>;
  /** '' leaves the action without a key. */
  readonly choose: (action: Action, chord: string) => Promise<void>;
  readonly reset: () => Promise<void>;
}

let known: Preferences | null = null;
/** Rises with every choice: an answer that was asked for before it knows nothing of it. */
let choices = 0;

export const useKeyStore = create<KeyState>((set, get) => ({
  custom: {},
  problem: null,

  load: async () => {
    const isFirst = known === null;
    const reading = read(set);
    if (isFirst) await reading;
  },

  choose: async (action, chord) => {
    choices += 1;
    set({ custom: withKey(get().custom, action, chord) });
    await save(get().custom, (problem) => set({ problem }));
  },

  reset: async () => {
    choices += 1;
    set({ custom: {} });
    await save({}, (problem) => set({ problem }));
  },
}));

async function read(set: (state: Partial<KeyState>) => void): Promise<void> {
  const before = choices;
  try {
    const found = await fetchPreferences();
    if (choices !== before) return;
    known = found;
    set({ custom: validKeys(found.keys), problem: null });
  } catch (error) {
    set({ problem: `Your own keys could not be read; these are the usual ones. ${sentenceOf(error)}` });
  }
}

async function save(keys: CustomKeys, report: (problem: string | null) => void): Promise<void> {
  try {
    // The answer replaces all preferences: what else is remembered must be known before.
    known ??= await fetchPreferences();
    known = await savePreferences({ ...known, keys });
    report(null);
  } catch (error) {
    report(`Your keys hold until you close this page, but were not kept. ${sentenceOf(error)}`);
  }
}

function sentenceOf(error: unknown): string {
  return error instanceof ApiError ? error.message : 'The server could not be reached.';
}

/** The key of an action as it is written, kept up to date: for tooltips. */
export function useShownKey(id: string): string {
  return useKeyStore((state) => shownKey(id, state.custom));
}

/** Every chord of an action as it is written. */
export function shownChords(action: Action, custom: CustomKeys): readonly string[] {
  return [keyOf(action, custom), ...(action.also ?? [])].filter((chord) => chord !== '').map(shownChord);
}

export function actionCalled(id: string): Action | undefined {
  return ACTIONS.find((action) => action.id === id);
}
