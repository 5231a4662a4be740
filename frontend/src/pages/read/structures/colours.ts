/** The reader's own colours of structures, the same in every case and project. */
import { create } from 'zustand';
import { changePreferences, loadPreferences } from '../preferences';
import { useRead, withOwn } from '../readStore';

const PREFIX = 'colour.';
const COLOUR = /^#[0-9a-f]{6}$/i;
/** A colour is dragged for a while before it stays. */
const PAUSE_MS = 400;

interface ColourState {
  /** Why the last choice is not kept on the server; it holds on this page all the same. */
  readonly problem: string | null;
  readonly load: () => Promise<void>;
  /** Null: the project's colour. */
  readonly choose: (key: string, colour: string | null) => void;
}

let pause: ReturnType<typeof setTimeout> | undefined;

export const useColours = create<ColourState>((set) => ({
  problem: null,

  load: () =>
    loadPreferences(
      ({ settings }) => useRead.getState().setColours(coloursIn(settings)),
      (reason) => set({ problem: `Your own colours could not be read. ${reason}` }),
    ),

  choose: (key, colour) => {
    const { colours, setColours } = useRead.getState();
    if ((colours.get(key) ?? null) === colour) return;
    setColours(withOwn(colours, key, colour));
    clearTimeout(pause);
    pause = setTimeout(() => void save().then((problem) => set({ problem })), PAUSE_MS);
  },
}));

async function save(): Promise<string | null> {
  const { colours } = useRead.getState();
  const reason = await changePreferences((kept) => ({
    ...kept,
    settings: { ...without(kept.settings), ...named(colours) },
  }));
  return reason && `Your colours hold until you close this page, but were not kept. ${reason}`;
}

/** Only what can be drawn with: a setting may come from elsewhere. */
export function coloursIn(settings: Readonly<Record<string, unknown>>): ReadonlyMap<string, string> {
  const found = Object.entries(settings).flatMap(([name, value]) =>
    name.startsWith(PREFIX) && typeof value === 'string' && COLOUR.test(value)
      ? [[name.slice(PREFIX.length), value] as const]
      : [],
  );
  return new Map(found);
}

function named(colours: ReadonlyMap<string, string>): Record<string, string> {
  return Object.fromEntries([...colours].map(([key, colour]) => [PREFIX + key, colour]));
}

function without<T>(settings: Readonly<Record<string, T>>): Record<string, T> {
  return Object.fromEntries(Object.entries(settings).filter(([name]) => !name.startsWith(PREFIX)));
}
