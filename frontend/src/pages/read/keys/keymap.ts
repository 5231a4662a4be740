/** Which key does what, with the reader's own choices over the defaults. */
import { ACTIONS, type Action, actionsFor, type Role } from './actions';
import { shownChord } from './chord';

/** Chords by the id of an action: only what differs from the defaults; '' for no key. */
export type CustomKeys = Readonly<Record<string, string>>;

export function keyOf(action: Action, custom: CustomKeys): string {
  return custom[action.id] ?? action.key;
}

/** The chord of an action as the page writes it, for tooltips. */
export function shownKey(id: string, custom: CustomKeys): string {
  const action = ACTIONS.find((one) => one.id === id);
  const chord = action === undefined ? '' : keyOf(action, custom);
  return chord === '' ? '' : shownChord(chord);
}

/** Action by chord. A key that the reader chose goes before one that an action has by default. */
export function keymap(role: Role, custom: CustomKeys): ReadonlyMap<string, Action> {
  const map = new Map<string, Action>();
  const actions = actionsFor(role);
  const offer = (chord: string, action: Action): void => {
    if (chord !== '' && !map.has(chord)) map.set(chord, action);
  };
  for (const action of actions) {
    if (custom[action.id] !== undefined) offer(keyOf(action, custom), action);
  }
  for (const action of actions) {
    if (custom[action.id] === undefined) offer(action.key, action);
    for (const chord of action.also ?? []) offer(chord, action);
  }
  return map;
}

/** Actions that would have the same chord where both can be used. */
export function conflictsOf(chord: string, action: Action, custom: CustomKeys): readonly Action[] {
  if (chord === '') {
    return [];
  }
  return ACTIONS.filter(
    (other) => other.id !== action.id && meet(other, action) && chordsOf(other, custom).includes(chord),
  );
}

function chordsOf(action: Action, custom: CustomKeys): readonly string[] {
  return [keyOf(action, custom), ...(action.also ?? [])];
}

/** Whether there is a page on which both actions can be used. */
function meet(a: Action, b: Action): boolean {
  return a.onlyIn === undefined || b.onlyIn === undefined || a.onlyIn === b.onlyIn;
}

/** The reader's choice for one action; a choice equal to the default is no choice. */
export function withKey(custom: CustomKeys, action: Action, chord: string): CustomKeys {
  const { [action.id]: _, ...rest } = custom;
  return chord === action.key ? rest : { ...rest, [action.id]: chord };
}

/** Keys that browsers keep for themselves: a page never hears of them. */
const OF_THE_BROWSER = new Set([
  'ctrl+w',
  'ctrl+t',
  'ctrl+n',
  'ctrl+shift+w',
  'ctrl+shift+t',
  'ctrl+shift+n',
]);

export function isFree(chord: string): boolean {
  return !OF_THE_BROWSER.has(chord) && !/^ctrl\+\d$/.test(chord);
}

/** What came from the server: unknown actions and things that are no chords are left out. */
export function validKeys(given: unknown): CustomKeys {
  if (typeof given !== 'object' || given === null) {
    return {};
  }
  const known = new Set(ACTIONS.map(({ id }) => id));
  const entries = Object.entries(given).filter(
    (entry): entry is [string, string] => known.has(entry[0]) && typeof entry[1] === 'string',
  );
  return Object.fromEntries(entries);
}
