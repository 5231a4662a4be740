import { expect, test } from 'vitest';
import type { EditEvent, RevisionEntry } from '../../../api';
import { dayWords, doneWords, stretchesOf, timeWords, voxelWords } from './timeline';

const START = new Date(2026, 4, 11, 14, 30).getTime();

function event(tool: string, structure: number, added = 10, removed = 0): EditEvent {
  return { tool, layer: 0, structure, added, removed };
}

function revision(number: number, seconds: number, change: Partial<RevisionEntry> = {}): RevisionEntry {
  return {
    number,
    kind: 'autosave',
    at: new Date(START + seconds * 1000).toISOString(),
    author: 'Ana',
    voxels_changed: 10,
    bytes: 100,
    guideline_version: null,
    events: [event('brush', 1)],
    ...change,
  };
}

const numbers = (rows: readonly RevisionEntry[]) =>
  stretchesOf(rows).map(({ revisions }) => revisions.map(({ number }) => number));

test('strokes with one tool belong together until there is a pause', () => {
  expect(numbers([revision(4, 300), revision(3, 40), revision(2, 20), revision(1, 0)])).toEqual([
    [4],
    [3, 2, 1],
  ]);
});

test('another tool begins another stretch; undoing does not', () => {
  const rows = [
    revision(5, 40, { events: [event('eraser', 1)] }),
    revision(4, 30),
    revision(3, 20, { events: [event('undo', 1, 0, 10)] }),
    revision(2, 10),
    revision(1, 0, { events: [event('grow', 2)] }),
  ];
  expect(numbers(rows)).toEqual([[5], [4, 3, 2], [1]]);
});

test('another author, a submit and a restore stand alone', () => {
  const rows = [
    revision(5, 40, { author: 'Rui', kind: 'review_fix' }),
    revision(4, 30, { kind: 'submit', events: [] }),
    revision(3, 20, { kind: 'restore', events: [] }),
    revision(2, 10, { kind: 'restore', events: [] }),
    revision(1, 0),
  ];
  expect(numbers(rows)).toEqual([[5], [4], [3], [2], [1]]);
});

test('nobody scrolls through an hour in one piece', () => {
  const rows = Array.from({ length: 30 }, (_, n) => revision(30 - n, (30 - n) * 60));
  expect(stretchesOf(rows).map(({ revisions }) => revisions.length)).toEqual([11, 11, 8]);
});

test('a stretch names tools and structures in the order of use and adds up the voxels', () => {
  const [stretch] = stretchesOf([
    revision(2, 20, { events: [event('brush', 2, 5, 1), event('brush', 1, 7, 2)] }),
    revision(1, 0, { events: [event('brush', 1, 1000, 0)] }),
  ]);
  expect(stretch).toMatchObject({ tools: ['brush'], added: 1012, removed: 3, author: 'Ana' });
  expect(stretch?.structures).toEqual([
    { layer: 0, value: 1 },
    { layer: 0, value: 2 },
  ]);
});

test('words for what was done, when, and how much', () => {
  expect(doneWords({ kind: 'autosave', tools: ['brush', 'flood_fill'] })).toBe('Brush, flood fill');
  expect(doneWords({ kind: 'submit', tools: [] })).toBe('Submitted');
  expect(doneWords({ kind: 'autosave', tools: [] })).toBe('Drawn');
  expect(voxelWords(1203, 330)).toBe('+1\u202f203 −330 voxels');
  expect(voxelWords(0, 0)).toBe('');
  const at = revision(1, 0).at;
  const later = revision(2, 360).at;
  expect(timeWords({ from: at, to: later })).toMatch(/^\d\d:30–\d\d:36$/);
  expect(timeWords({ from: at, to: at })).not.toContain('–');
  expect(dayWords(at, new Date(START + 3600_000))).toBe('Today');
  expect(dayWords(at, new Date(START + 24 * 3600_000))).toBe('Yesterday');
  expect(dayWords(at, new Date(START + 72 * 3600_000))).toContain('2026');
});
