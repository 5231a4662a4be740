// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { useRead } from '../readStore';
import type { Action } from './actions';
import { listen } from './useKeys';

const log: string[] = [];
let stop = (): void => undefined;

function action(id: string, more: Partial<Action> = {}): Action {
  return { id, group: 'View', words: id, key: 'k', press: () => log.push(id), ...more };
}

const ACTIONS = new Map([
  ['b', action('brush')],
  ['x', action('peek', { release: () => log.push('let go') })],
  ['z', action('undo', { repeats: true })],
  ['enter', action('submit')],
  ['esc', action('close')],
  ['down', action('next slice')],
]);

beforeEach(() => {
  log.length = 0;
  stop = listen(ACTIONS);
});
afterEach(() => {
  stop();
  document.body.replaceChildren();
  useRead.getState().set({ panel: null });
});

function send(type: 'keydown' | 'keyup', key: string, target: EventTarget = document.body, more = {}): void {
  const code = /^[a-z]$/i.test(key) ? `Key${key.toUpperCase()}` : key;
  target.dispatchEvent(new KeyboardEvent(type, { key, code, bubbles: true, cancelable: true, ...more }));
}

function add(html: string): HTMLElement {
  document.body.innerHTML = html;
  return document.body.firstElementChild as HTMLElement;
}

test('a held key works until it is let go, whatever else is pressed meanwhile', () => {
  send('keydown', 'x');
  send('keydown', 'x', document.body, { repeat: true });
  send('keydown', 'b');
  send('keyup', 'b');
  expect(log).toEqual(['peek', 'brush']);
  send('keyup', 'X', document.body, { shiftKey: true });
  expect(log).toEqual(['peek', 'brush', 'let go']);
});

test('a key let go in another window counts as let go', () => {
  send('keydown', 'x');
  window.dispatchEvent(new Event('blur'));
  expect(log).toEqual(['peek', 'let go']);
});

test('only keys that may repeat do', () => {
  send('keydown', 'b');
  send('keydown', 'b', document.body, { repeat: true });
  send('keydown', 'z');
  send('keydown', 'z', document.body, { repeat: true });
  expect(log).toEqual(['brush', 'undo', 'undo']);
});

test('a text field keeps its letters, a button its Enter, a slider its arrows', () => {
  send('keydown', 'b', add('<input type="text">'));
  send('keydown', 'Enter', add('<button>Go</button>'));
  send('keydown', 'ArrowDown', add('<div role="slider" tabindex="0"></div>'));
  expect(log).toEqual([]);
  send('keydown', 'Enter', add('<div role="slider" tabindex="0"></div>'));
  expect(log.splice(0)).toEqual(['submit']);
  send('keydown', 'b', add('<button>Go</button>'));
  send('keydown', 'Escape', add('<input type="text">'));
  expect(log).toEqual(['brush', 'close']);
});

test('while keys are being chosen or an action is searched, no action is done', () => {
  useRead.getState().set({ panel: 'key_settings' });
  send('keydown', 'b');
  useRead.getState().set({ panel: 'palette' });
  send('keydown', 'z');
  expect(log).toEqual([]);
});

test('a key that is an action is not given to the browser as well', () => {
  const seen = vi.fn();
  window.addEventListener('keydown', (event) => seen(event.defaultPrevented), { once: true });
  send('keydown', 'b');
  expect(seen).toHaveBeenCalledWith(true);
});
