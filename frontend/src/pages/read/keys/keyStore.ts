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
  readonly load: () => Promise<void>;
  /** '' leaves the action without a key. */
  readonly choose: (action: Action, chord: string) => Promise<void>;
  readonly reset: () => Promise<void>;
}

let known: Preferences | null = null;

export const useKeyStore = create<KeyState>((set, get) => ({
  custom: {},
  problem: null,

  load: async () => {
    try {
      known = await fetchPreferences();
      set({ custom: validKeys(known.keys), problem: null });
    } catch (error) {
      set({ problem: `Your own keys could not be read; these are the usual ones. ${sentenceOf(error)}` });
    }
  },

  choose: async (action, chord) => {
    set({ custom: withKey(get().custom, action, chord) });
    await save(get().custom, (problem) => set({ problem }));
  },

  reset: async () => {
    set({ custom: {} });
    await save({}, (problem) => set({ problem }));
  },
}));

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
