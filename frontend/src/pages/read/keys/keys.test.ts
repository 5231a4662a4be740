import { expect, test } from 'vitest';
import { ACTIONS, actionsFor, type Role } from './actions';
import { chordOf, type KeyPress, shownChord } from './chord';
import { conflictsOf, isFree, keymap, keyOf, shownKey, validKeys, withKey } from './keymap';
import { found, foundActions } from './palette';

const ROLES: readonly Role[] = ['annotate', 'review', 'adjudicate'];

function press(key: string, code: string, held: Partial<KeyPress> = {}): KeyPress {
  return { key, code, shiftKey: false, ctrlKey: false, altKey: false, metaKey: false, ...held };
}

test.each(ROLES)('no two actions share a key: %s', (role) => {
  const chords = actionsFor(role).flatMap(({ id, key, also = [] }) => [key, ...also].map((one) => [one, id]));
  const taken = new Map<string, string>();
  const clashes = chords.filter(([chord = '', id = '']) => {
    const other = taken.get(chord);
    taken.set(chord, id);
    return other !== undefined;
  });
  expect(clashes).toEqual([]);
});

test('every action has a key, words and an id that preferences accept, and no id is there twice', () => {
  expect(ACTIONS.filter(({ key, words }) => key === '' || words === '')).toEqual([]);
  expect(ACTIONS.filter(({ id }) => !/^[a-z0-9_.-]{1,64}$/.test(id))).toEqual([]);
  expect(new Set(ACTIONS.map(({ id }) => id)).size).toBe(ACTIONS.length);
});

test.each(ROLES)('every key can be pressed: what it is called is what pressing it is called: %s', (role) => {
  for (const { key } of actionsFor(role)) {
    expect(isFree(key)).toBe(true);
    expect(key).toBe(key.toLowerCase());
  }
});

test.each([
  ['b', 'tool.brush'], ['e', 'tool.eraser'], ['v', 'tool.threshold_brush'], ['d', 'tool.draw'],
  ['s', 'tool.scissors'], ['l', 'tool.level_tracing'], ['f', 'tool.flood_fill'], ['t', 'tool.threshold'],
  ['g', 'tool.grow'], ['i', 'tool.interpolate'], ['k', 'tool.islands'], ['o', 'tool.smooth'],
  ['m', 'tool.margin'], ['u', 'tool.logical'], ['p', 'tool.accept_brush'], ['1', 'structure.1'],
  ['9', 'structure.9'], ['q', 'structure.previous'], ['a', 'structure.next'], ['[', 'brush.smaller'],
  [']', 'brush.larger'], ['alt+2', 'brush.flat'], ['alt+3', 'brush.sphere'], ['z', 'edit.undo'],
  ['shift+z', 'edit.redo'], ['n', 'guidance.next'], ['shift+n', 'guidance.previous'],
  ['j', 'slice.not_looked'], ['shift+j', 'slice.not_looked_back'], ['x', 'peek.image'],
  ['c', 'peek.prediction'], ['enter', 'finish.submit'], ['f1', 'window.soft_tissue'],
  ['f6', 'window.angio'], ['ctrl+k', 'panel.palette'], ['?', 'panel.keys'],
])('%s is %s', (chord, id) => expect(keymap('annotate', {}).get(chord)?.id).toBe(id)); // biome-ignore format: a table

test('an adjudication has its own keys', () => {
  const keys = keymap('adjudicate', {});
  expect(['tab', 'left', 'right', '.', 'enter', 'y'].map((chord) => keys.get(chord)?.id)).toEqual([
    'differences.next',
    'differences.take_a',
    'differences.take_b',
    'differences.take_majority',
    'finish.adjudicate',
    undefined,
  ]);
});

test('a review has its own keys', () => {
  const keys = keymap('review', {});
  expect(['y', 'r', 'tab', 'shift+tab'].map((chord) => keys.get(chord)?.id)).toEqual([
    'finish.accept',
    'finish.return',
    'changes.next',
    'changes.previous',
  ]);
  expect(keymap('annotate', {}).get('y')).toBeUndefined();
});

test.each([
  [press('z', 'KeyZ'), 'z'],
  [press('Z', 'KeyZ', { shiftKey: true }), 'shift+z'],
  [press('Z', 'KeyZ', { shiftKey: true, metaKey: true }), 'ctrl+shift+z'],
  // The key that prints y on a German keyboard lies where z is elsewhere.
  [press('y', 'KeyZ'), 'y'],
  // A Cyrillic layout prints nothing of ours: the place of the key counts.
  [press('и', 'KeyB'), 'b'],
  // A Mac makes µ of Alt-M.
  [press('µ', 'KeyM', { altKey: true }), 'alt+m'],
  [press('?', 'Slash', { shiftKey: true }), '?'],
  // [ is AltGr-8 on many keyboards, and Windows reports Ctrl and Alt with it.
  [press('[', 'Digit8', { altKey: true, ctrlKey: true, getModifierState: () => true }), '['],
  [press('!', 'Digit1', { shiftKey: true }), 'shift+1'],
  [press('“', 'BracketLeft', { altKey: true }), 'alt+['],
  [press(' ', 'Space'), 'space'],
  [press('F1', 'F1'), 'f1'],
  [press('+', 'Equal', { shiftKey: true }), 'plus'],
])('a press is called as it is written (%#)', (event, chord) => expect(chordOf(event)).toBe(chord));

test('a modifier alone is no key', () => expect(chordOf(press('Shift', 'ShiftLeft'))).toBeNull());

test('keys are shown as the page writes them', () => {
  expect(['shift+z', 'ctrl+k', 'f1', '?', 'alt+up', 'plus'].map(shownChord)).toEqual([
    'Shift-Z',
    'Ctrl-K',
    'F1',
    '?',
    'Alt-↑',
    '+',
  ]);
});

const BRUSH = ACTIONS.find(({ id }) => id === 'tool.brush') ?? expect.fail();

test('an own key replaces the usual one and goes before an other action that has it', () => {
  const custom = withKey({}, BRUSH, 'e');
  expect(keymap('annotate', custom).get('e')?.id).toBe('tool.brush');
  expect(keymap('annotate', custom).get('b')).toBeUndefined();
  expect(shownKey('tool.brush', custom)).toBe('E');
  expect(conflictsOf('e', BRUSH, custom).map(({ id }) => id)).toEqual(['tool.eraser']);
});

test('choosing the usual key again is no choice, and none is a choice', () => {
  expect(withKey({ 'tool.brush': 'e' }, BRUSH, 'b')).toEqual({});
  const none = withKey({}, BRUSH, '');
  expect(keyOf(BRUSH, none)).toBe('');
  expect([...keymap('annotate', none).values()]).not.toContain(BRUSH);
  expect(conflictsOf('', BRUSH, none)).toEqual([]);
});

test('keys of the annotate page and of the review page do not clash with one another', () => {
  const accept = ACTIONS.find(({ id }) => id === 'finish.accept') ?? expect.fail();
  expect(conflictsOf('enter', accept, {}).map(({ id }) => id)).toEqual(['finish.apply']);
});

test('what the server kept is read with care', () => {
  expect(validKeys({ 'tool.brush': 'w', 'tool.gone': 'x', 'tool.eraser': 3 })).toEqual({ 'tool.brush': 'w' });
  expect(validKeys(null)).toEqual({});
});

test('the palette finds by beginnings, by parts and by first letters, best first', () => {
  const entries = ['Fill between slices', 'Flood fill', 'Next slice', 'Level tracing'].map((words) => ({
    words,
  }));
  const words = (typed: string) => found(entries, typed).map((entry) => entry.words);
  expect(words('fill')).toEqual(['Fill between slices', 'Flood fill']);
  expect(words('sl bet')).toEqual(['Fill between slices']);
  expect(words('fbs')).toEqual(['Fill between slices']);
  expect(words('lic')).toEqual(['Fill between slices', 'Next slice']);
  expect(words('xyz')).toEqual([]);
  expect(words('')).toHaveLength(4);
});

test('every action can be found by its own words', () => {
  for (const action of ACTIONS) {
    expect(foundActions(ACTIONS, action.words)).toContain(action);
  }
});
