import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { Structure } from '../../../api';
import { useRead } from '../readStore';
import { coloursIn, useColours } from './colours';

function structure(key: string, value: number): Structure {
  return { key, name: key, layer: 0, value, colour: '#00ff00', tolerance_mm: 3, side: '' };
}

const shown = () => useRead.getState().structures.map(({ colour }) => colour);

beforeEach(() => {
  vi.useFakeTimers();
  useRead.getState().set({ colours: new Map() });
  useRead.getState().open([structure('liver', 1), structure('spleen', 2)], false);
});

afterEach(() => {
  vi.useRealTimers();
  vi.unstubAllGlobals();
});

test('a colour that is dragged is kept once, beside everything else, and serves the next case', async () => {
  const sent: string[] = [];
  vi.stubGlobal('document', { cookie: 'csrftoken=t' });
  vi.stubGlobal('fetch', (_: string, { method, body }: RequestInit) => {
    if (method === 'PUT') sent.push(String(body));
    const kept = { keys: { 'tool.brush': '7' }, settings: { other: 3, 'colour.aorta': '#ff0000' } };
    return Promise.resolve(method === 'PUT' ? new Response(body) : Response.json(kept));
  });
  await useColours.getState().load();
  const { choose } = useColours.getState();
  choose('spleen', '#0000fe');
  choose('spleen', '#0000ff');
  expect(shown()).toEqual(['#00ff00', '#0000ff']);
  await vi.advanceTimersByTimeAsync(1000);
  expect(sent.map((body) => JSON.parse(body))).toEqual([
    {
      keys: { 'tool.brush': '7' },
      settings: { other: 3, 'colour.aorta': '#ff0000', 'colour.spleen': '#0000ff' },
    },
  ]);

  useRead.getState().open([structure('spleen', 1), structure('aorta', 2)], false);
  expect(shown()).toEqual(['#0000ff', '#ff0000']);
  choose('aorta', null);
  expect(shown()).toEqual(['#0000ff', '#00ff00']);
  expect(useRead.getState().active?.colour).toBe('#0000ff');
});

test('what is not kept holds on the page, and the reason is said', async () => {
  vi.stubGlobal('document', { cookie: '' });
  vi.stubGlobal('fetch', () => Promise.reject(new TypeError('no network')));
  useColours.getState().choose('liver', '#123456');
  await vi.advanceTimersByTimeAsync(1000);
  expect(shown()).toEqual(['#123456', '#00ff00']);
  expect(useColours.getState().problem).toMatch(/were not kept/);
});

test('a setting that is no colour is passed over', () => {
  const settings = { 'colour.liver': 'red', 'colour.spleen': 4, 'colour.aorta': '#ABCDEF', theme: '#000000' };
  expect([...coloursIn(settings)]).toEqual([['aorta', '#ABCDEF']]);
});
