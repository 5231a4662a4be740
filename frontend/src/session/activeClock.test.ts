import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ActiveClock } from './activeClock';

const pings: boolean[] = [];
const shown: number[] = [];
let page: { visibilityState: string };
let serverSeconds: number;
let clock: ActiveClock;

beforeEach(() => {
  vi.useFakeTimers();
  pings.length = 0;
  shown.length = 0;
  serverSeconds = 100;
  page = { visibilityState: 'visible' };
  const listeners = new EventTarget();
  vi.stubGlobal('document', page);
  vi.stubGlobal('addEventListener', listeners.addEventListener.bind(listeners));
  vi.stubGlobal('removeEventListener', listeners.removeEventListener.bind(listeners));
  vi.stubGlobal('dispatchEvent', listeners.dispatchEvent.bind(listeners));
  clock = new ActiveClock({
    seconds: 40,
    ping: async (visible) => {
      pings.push(visible);
      return { active_seconds: serverSeconds, lease_until: '' };
    },
    onSeconds: (seconds) => shown.push(seconds),
  });
  clock.start();
});

afterEach(() => {
  clock.stop();
  vi.unstubAllGlobals();
  vi.useRealTimers();
});

test('counts on between pings and takes the figure of the server', async () => {
  await vi.advanceTimersByTimeAsync(19_000);
  expect(shown.at(-1)).toBe(59);
  await vi.advanceTimersByTimeAsync(1_000);
  expect(pings).toEqual([true]);
  expect(shown.at(-1)).toBe(100);
});

test('a minute without input stops counting and pinging, input starts both again', async () => {
  await vi.advanceTimersByTimeAsync(59_999);
  expect(pings).toHaveLength(2);
  const before = shown.at(-1);
  await vi.advanceTimersByTimeAsync(120_000);
  expect(pings).toHaveLength(2);
  expect(shown.at(-1)).toBe(before);
  globalThis.dispatchEvent(new Event('keydown'));
  await vi.advanceTimersByTimeAsync(20_000);
  expect(pings).toHaveLength(3);
});

test('a hidden page is not active', async () => {
  page.visibilityState = 'hidden';
  await vi.advanceTimersByTimeAsync(40_000);
  expect(pings).toEqual([]);
  expect(shown).toEqual([]);
});
