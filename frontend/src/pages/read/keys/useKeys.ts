import { useEffect } from 'react';
import { useRead } from '../readStore';
import type { Action, Role } from './actions';
import { chordOf, keyName, mainKey } from './chord';
import { keymap } from './keymap';
import { useKeyStore } from './keyStore';

/** Listens on the whole page, but leaves text fields and open controls their own keys. */
export function useKeys(role: Role): void {
  const custom = useKeyStore((state) => state.custom);
  useEffect(() => listen(keymap(role, custom)), [role, custom]);
}

interface Held {
  readonly action: Action;
  readonly key: string;
}

export function listen(actions: ReadonlyMap<string, Action>): () => void {
  let held: Held | null = null;
  const release = (): void => {
    held?.action.release?.();
    held = null;
  };
  const down = (event: KeyboardEvent): void => {
    const chord = chordOf(event);
    const action = chord === null || isTaken(event, chord) ? undefined : actions.get(chord);
    if (chord === null || action === undefined) {
      return;
    }
    event.preventDefault();
    if (event.repeat && action.repeats !== true) {
      return;
    }
    if (action.release !== undefined) {
      release();
      held = { action, key: mainKey(chord) };
    }
    action.press();
  };
  const up = (event: KeyboardEvent): void => {
    if (held !== null && (keyName(event) === held.key || event.key === 'Meta')) {
      release();
    }
  };
  window.addEventListener('keydown', down);
  window.addEventListener('keyup', up);
  // A key let go in another window is never heard of here.
  window.addEventListener('blur', release);
  return () => {
    release();
    window.removeEventListener('keydown', down);
    window.removeEventListener('keyup', up);
    window.removeEventListener('blur', release);
  };
}

/** Keys that a focused control needs for itself. */
const OF_CONTROLS: readonly (readonly [controls: string, chords: ReadonlySet<string>])[] = [
  ['button, a, summary, label, [role=tab]', new Set(['enter', 'space', 'tab', 'shift+tab'])],
  [
    '[role=slider], input[type=range], input[type=radio]',
    new Set(['up', 'down', 'left', 'right', 'home', 'end', 'pageup', 'pagedown', 'tab', 'shift+tab']),
  ],
  ['input[type=checkbox]', new Set(['space', 'tab', 'shift+tab'])],
];

function isTaken(event: KeyboardEvent, chord: string): boolean {
  const { target } = event;
  if (event.defaultPrevented || !(target instanceof HTMLElement)) {
    return event.defaultPrevented;
  }
  // The palette and the key settings hear every key themselves.
  const { panel } = useRead.getState();
  if (panel === 'palette' || panel === 'key_settings') {
    return chord !== 'esc';
  }
  const writes =
    target.closest('input:not([type=range], [type=checkbox], [type=radio]), textarea, select') !== null ||
    target.isContentEditable;
  if (writes) {
    return chord !== 'esc' && !chord.startsWith('ctrl+k') && !chord.startsWith('ctrl+s');
  }
  return OF_CONTROLS.some(([controls, chords]) => chords.has(chord) && target.closest(controls) !== null);
}
