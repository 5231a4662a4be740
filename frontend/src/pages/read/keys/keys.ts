/** Every key of the page, once: what it does and what the key overview and the tooltips say about it. */

import { signed } from '../../words';
import { useRead } from '../readStore';
import { stepRadius, WINDOW_PRESETS } from '../tools/presets';

export interface KeyContext {
  readonly isReview: boolean;
  readonly canJudge: boolean;
  readonly canSubmit: boolean;
  readonly accept: () => void;
  readonly walkChanges: (by: 1 | -1) => void;
}

export interface KeyBinding {
  readonly group: 'Draw' | 'Structures' | 'Look' | 'Finish';
  readonly shown: string;
  readonly words: string;
  readonly matches: (event: KeyboardEvent) => boolean;
  readonly press: (context: KeyContext, event: KeyboardEvent) => void;
  /** For keys that work while they are held. */
  readonly release?: () => void;
  readonly onlyIn?: 'review' | 'annotate';
}

const { getState: read } = useRead;

/** A letter by what is printed on the key, so that it is where the reader's layout has it. */
const letter =
  (key: string, shift = false) =>
  (event: KeyboardEvent): boolean =>
    event.key.toLowerCase() === key && event.shiftKey === shift && !withModifier(event);

const plain =
  (key: string) =>
  (event: KeyboardEvent): boolean =>
    event.key === key && !event.altKey && !event.ctrlKey && !event.metaKey;

const altDigit =
  (digit: number) =>
  (event: KeyboardEvent): boolean =>
    event.altKey && !event.ctrlKey && event.code === `Digit${digit}`;

function withModifier(event: KeyboardEvent): boolean {
  return event.altKey || event.ctrlKey || event.metaKey;
}

const DRAW: readonly KeyBinding[] = [
  {
    group: 'Draw',
    shown: 'B',
    words: 'Brush',
    matches: letter('b'),
    press: () => read().set({ tool: 'brush' }),
  },
  {
    group: 'Draw',
    shown: 'E',
    words: 'Eraser (or Shift-drag)',
    matches: letter('e'),
    press: () => read().set({ tool: 'eraser' }),
  },
  {
    group: 'Draw',
    shown: '[',
    words: 'Smaller brush',
    matches: plain('['),
    press: () => resizeBrush(-1),
  },
  {
    group: 'Draw',
    shown: ']',
    words: 'Larger brush (or Shift-wheel)',
    matches: plain(']'),
    press: () => resizeBrush(1),
  },
  {
    group: 'Draw',
    shown: 'Alt-2',
    words: 'Brush in the slice (2-D)',
    matches: altDigit(2),
    press: () => shapeBrush(false),
  },
  {
    group: 'Draw',
    shown: 'Alt-3',
    words: 'Sphere brush (3-D)',
    matches: altDigit(3),
    press: () => shapeBrush(true),
  },
  {
    group: 'Draw',
    shown: 'Z',
    words: 'Undo',
    matches: (event) => event.key.toLowerCase() === 'z' && !event.shiftKey && !event.altKey,
    press: () => void read().port?.undo(),
  },
  {
    group: 'Draw',
    shown: 'Shift-Z',
    words: 'Redo',
    matches: (event) => event.key.toLowerCase() === 'z' && event.shiftKey && !event.altKey,
    press: () => void read().port?.redo(),
  },
];

const STRUCTURES: readonly KeyBinding[] = [
  {
    group: 'Structures',
    shown: '1 – 9',
    words: 'Structure by its place',
    matches: (event) => /^Digit[1-9]$/.test(event.code) && !event.shiftKey && !withModifier(event),
    press: (_, event) => read().activate(read().structures[Number(event.code.at(-1)) - 1]),
  },
  {
    group: 'Structures',
    shown: 'Q',
    words: 'Previous structure',
    matches: letter('q'),
    press: () => read().step(-1),
  },
  {
    group: 'Structures',
    shown: 'A',
    words: 'Next structure',
    matches: letter('a'),
    press: () => read().step(1),
  },
];

const LOOK: readonly KeyBinding[] = [
  {
    group: 'Look',
    shown: 'X (hold)',
    words: 'Only the image',
    matches: (event) => event.key.toLowerCase() === 'x' && !withModifier(event),
    press: () => read().set({ peek: 'image' }),
    release: () => read().set({ peek: 'none' }),
  },
  {
    group: 'Look',
    shown: 'C (hold)',
    words: 'The prediction',
    matches: (event) => event.key.toLowerCase() === 'c' && !withModifier(event),
    press: () => read().set({ peek: 'prediction' }),
    release: () => read().set({ peek: 'none' }),
  },
  ...WINDOW_PRESETS.map(
    ({ key, name, window }): KeyBinding => ({
      group: 'Look',
      shown: key,
      words: `${name}: W ${window.width} L ${signed(window.level, 0)}`,
      matches: plain(key),
      press: () => read().set({ window }),
    }),
  ),
  {
    group: 'Look',
    shown: 'Tab',
    words: 'Next change (Shift-Tab: previous)',
    onlyIn: 'review',
    matches: (event) => event.key === 'Tab' && !withModifier(event),
    press: (context, event) => context.walkChanges(event.shiftKey ? -1 : 1),
  },
];

const FINISH: readonly KeyBinding[] = [
  {
    group: 'Finish',
    shown: 'Enter',
    words: 'Submit (asks once)',
    onlyIn: 'annotate',
    matches: plain('Enter'),
    press: ({ canSubmit }) => canSubmit && read().set({ panel: 'submit' }),
  },
  {
    group: 'Finish',
    shown: 'Y',
    words: 'Accept',
    onlyIn: 'review',
    matches: letter('y'),
    press: ({ canJudge, accept }) => canJudge && accept(),
  },
  {
    group: 'Finish',
    shown: 'R',
    words: 'Return with a comment',
    onlyIn: 'review',
    matches: letter('r'),
    press: ({ canJudge }) => canJudge && read().set({ panel: 'return' }),
  },
  {
    group: 'Finish',
    shown: '?',
    words: 'This overview',
    matches: plain('?'),
    press: () => read().set({ panel: read().panel === 'keys' ? null : 'keys' }),
  },
  {
    group: 'Finish',
    shown: 'Esc',
    words: 'Close; all three planes',
    matches: plain('Escape'),
    press: closeOrRestore,
  },
];

const ALL: readonly KeyBinding[] = [...DRAW, ...STRUCTURES, ...LOOK, ...FINISH];

/** Gestures of the pointer: the viewer has them, the overview names them. */
export const POINTER: readonly { readonly shown: string; readonly words: string }[] = [
  { shown: 'Wheel', words: 'Slice' },
  { shown: 'Ctrl-wheel', words: 'Zoom' },
  { shown: 'Shift-wheel', words: 'Brush size' },
  { shown: 'Right drag', words: 'Window and level' },
  { shown: 'Middle drag', words: 'Pan' },
  { shown: 'Double click', words: 'One plane, or three (not while drawing)' },
];

export function bindingsFor(isReview: boolean): readonly KeyBinding[] {
  const other = isReview ? 'annotate' : 'review';
  return ALL.filter((binding) => binding.onlyIn !== other);
}

export function resizeBrush(direction: 1 | -1): void {
  const { brush, set } = read();
  set({ brush: { ...brush, radius_mm: stepRadius(brush.radius_mm, direction) } });
}

function shapeBrush(sphere: boolean): void {
  const { brush, set } = read();
  set({ brush: { ...brush, sphere } });
}

function closeOrRestore(): void {
  const { panel, maximised, port, set } = read();
  if (panel !== null) {
    set({ panel: null });
  } else if (maximised !== null) {
    port?.maximise(null);
  }
}
