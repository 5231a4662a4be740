/** The reader's own keys: kept on the server, so that they are the same at every workstation. */
import { create } from 'zustand';
import { changePreferences, loadPreferences } from '../preferences';
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

export const useKeyStore = create<KeyState>((set, get) => ({
  custom: {},
  problem: null,

  load: () =>
    loadPreferences(
      ({ keys }) => set({ custom: validKeys(keys), problem: null }),
      (reason) => set({ problem: `Your own keys could not be read; these are the usual ones. ${reason}` }),
    ),

  choose: async (action, chord) => {
    set({ custom: withKey(get().custom, action, chord) });
    set({ problem: await save(get().custom) });
  },

  reset: async () => {
    set({ custom: {} });
    set({ problem: await save({}) });
  },
}));

async function save(keys: CustomKeys): Promise<string | null> {
  const reason = await changePreferences((kept) => ({ ...kept, keys }));
  return reason && `Your keys hold until you close this page, but were not kept. ${reason}`;
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
