/** A key with its modifiers as one word: `shift+z`, `ctrl+k`, `alt+2`, `f1`, `?`. */

export interface KeyPress {
  readonly key: string;
  readonly code: string;
  readonly shiftKey: boolean;
  readonly ctrlKey: boolean;
  readonly altKey: boolean;
  readonly metaKey: boolean;
  readonly getModifierState?: (name: 'AltGraph') => boolean;
}

const MODIFIERS = new Set([
  'Shift',
  'Control',
  'Alt',
  'AltGraph',
  'Meta',
  'CapsLock',
  'Dead',
  'Unidentified',
]);
const BRACKETS: Readonly<Record<string, string>> = { BracketLeft: '[', BracketRight: ']' };
const NAMES: Readonly<Record<string, string>> = {
  ' ': 'space',
  Escape: 'esc',
  ArrowUp: 'up',
  ArrowDown: 'down',
  ArrowLeft: 'left',
  ArrowRight: 'right',
  '+': 'plus',
};

/** Null for a modifier pressed alone. */
export function chordOf(press: KeyPress): string | null {
  if (MODIFIERS.has(press.key)) {
    return null;
  }
  const writes = writesSign(press);
  const name = nameOf(press);
  // Shift has done its work where it made a character such as ? or +.
  const shift = press.shiftKey && !isSign(name);
  const parts = [
    (press.ctrlKey || press.metaKey) && !writes ? 'ctrl' : '',
    press.altKey && !writes ? 'alt' : '',
    shift ? 'shift' : '',
    name,
  ];
  return parts.filter((part) => part !== '').join('+');
}

/** AltGr writes a character, as [ and ] on many layouts: it is not a modifier of a command. */
function writesSign(press: KeyPress): boolean {
  return press.getModifierState?.('AltGraph') === true;
}

/** Letters by what is printed on the key; digits by their place, so that they need no Shift anywhere. */
function nameOf(press: KeyPress): string {
  const { key, code, altKey } = press;
  if (writesSign(press)) {
    return key.toLowerCase();
  }
  const digit = /^(?:Digit|Numpad)(\d)$/.exec(code)?.[1];
  if (digit !== undefined) {
    return digit;
  }
  const letter = /^Key([A-Z])$/.exec(code)?.[1]?.toLowerCase();
  // Alt makes other characters on a Mac, and a Cyrillic or Greek layout prints none of ours.
  if (letter !== undefined && (altKey || !/^[a-z]$/i.test(key))) {
    return letter;
  }
  return (altKey ? BRACKETS[code] : undefined) ?? NAMES[key] ?? key.toLowerCase();
}

function isSign(name: string): boolean {
  return name === 'plus' || (name.length === 1 && !/[a-z0-9]/.test(name));
}

const SHOWN: Readonly<Record<string, string>> = {
  ctrl: 'Ctrl',
  alt: 'Alt',
  shift: 'Shift',
  esc: 'Esc',
  up: '↑',
  down: '↓',
  left: '←',
  right: '→',
  plus: '+',
  space: 'Space',
  enter: 'Enter',
  tab: 'Tab',
  delete: 'Del',
  pageup: 'Page ↑',
  pagedown: 'Page ↓',
  home: 'Home',
  end: 'End',
};

/** `Shift-Z`, `Ctrl-K`, `F1`: as the page writes keys. */
export function shownChord(chord: string): string {
  const parts = chord.split('+');
  return parts.map((part) => SHOWN[part] ?? part.toUpperCase()).join('-');
}

/** The last part of a chord: what is let go when a held key ends, whatever the modifiers do by then. */
export function keyName(press: KeyPress): string {
  return nameOf(press);
}

export function mainKey(chord: string): string {
  return chord.split('+').at(-1) ?? chord;
}
