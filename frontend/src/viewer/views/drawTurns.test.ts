import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { drawTurns } from './drawTurns';

let frames: (() => void)[] = [];
let now = 0;

beforeEach(() => {
  frames = [];
  vi.stubGlobal('requestAnimationFrame', (frame: () => void) => frames.push(frame));
  vi.stubGlobal('cancelAnimationFrame', (id: number) => {
    frames[id - 1] = () => undefined;
  });
  vi.spyOn(performance, 'now').mockImplementation(() => now);
});

afterEach(() => {
  vi.unstubAllGlobals();
  vi.restoreAllMocks();
});

function nextFrame(): void {
  frames.shift()?.();
}

function pane(name: string, ms: number, drawn: string[]): () => void {
  const owner = { name };
  return () =>
    drawTurns.ask(owner, () => {
      drawn.push(name);
      now += ms;
    });
}

test('quick panes are drawn together, each once', () => {
  const drawn: string[] = [];
  const panes = ['a', 'b', 'c'].map((name) => pane(name, 2, drawn));
  for (const ask of [...panes, ...panes]) ask();
  nextFrame();
  expect(drawn).toEqual(['a', 'b', 'c']);
  expect(frames).toHaveLength(0);
});

test('slow panes take turns: who was drawn asks again behind the others', () => {
  const drawn: string[] = [];
  const panes = ['a', 'b', 'c'].map((name) => pane(name, 12, drawn));
  for (let frame = 0; frame < 6; frame++) {
    for (const ask of panes) ask();
    nextFrame();
  }
  expect(drawn).toEqual(['a', 'b', 'c', 'a', 'b', 'c']);
  nextFrame();
  nextFrame();
});

test('the pane under the pointer is drawn first in each frame, the others beside it in turns', () => {
  const drawn: string[] = [];
  const pointed = {};
  const first = () =>
    drawTurns.ask(pointed, () => {
      drawn.push('first');
      now += 4;
    });
  const [b, c] = [pane('b', 12, drawn), pane('c', 12, drawn)];
  drawTurns.lead(pointed);
  for (let frame = 0; frame < 3; frame++) {
    for (const ask of [b, c, first]) ask();
    nextFrame();
  }
  expect(drawn.join(' ')).toBe('first b first c first b');
  drawTurns.lead(null);
  nextFrame();
});

test('where the pane under the pointer takes all of a frame, the next frame is for the others', () => {
  const drawn: string[] = [];
  const pointed = {};
  const first = () =>
    drawTurns.ask(pointed, () => {
      drawn.push('first');
      now += 12;
    });
  const [b, c] = [pane('b', 12, drawn), pane('c', 12, drawn)];
  drawTurns.lead(pointed);
  for (let frame = 0; frame < 5; frame++) {
    for (const ask of [b, c, first]) ask();
    nextFrame();
    drawn.push('|');
  }
  expect(drawn.join(' ')).toBe('first | b | first | c | first |');
  drawTurns.lead(null);
  while (frames.length > 0) nextFrame();
});

test('a pane that is gone is not drawn, and one that fails does not hold up the others', () => {
  const drawn: string[] = [];
  const gone = {};
  drawTurns.ask(gone, () => drawn.push('gone'));
  drawTurns.drop(gone);
  drawTurns.ask({}, () => {
    throw new Error('broken');
  });
  pane('b', 1, drawn)();
  while (frames.length > 0) {
    try {
      nextFrame();
    } catch {
      // The browser would report it.
    }
  }
  expect(drawn).toEqual(['b']);
});
