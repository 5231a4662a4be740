// @vitest-environment happy-dom
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import type { ViewerPort } from '../../../viewer';
import { useRead } from '../readStore';
import { nextSlice, setRate, stopCine, toggleCine, useCine } from './cine';

const SLICES = 5;
let slice = 0;
let isTurned = false;
const shown: number[] = [];

/** As much of a viewer as cine asks. */
function viewer(): ViewerPort {
  const views = {
    get slices() {
      return { axial: slice, sagittal: 0, coronal: 0 };
    },
    get crosshair() {
      return [4, 4, slice];
    },
    rail: () => ({ slices: SLICES }),
    setSlice: (_plane: string, to: number) => {
      // As in a turned plane, which does not go beyond the scan.
      if (isTurned && to === 0) return;
      slice = to;
      shown.push(to);
    },
  };
  return { views, tools: { plane: () => 'axial' } } as unknown as ViewerPort;
}

beforeEach(() => {
  vi.useFakeTimers();
  slice = 2;
  shown.length = 0;
  setRate(10);
  useRead.setState({ port: viewer() });
});

afterEach(() => {
  stopCine();
  vi.useRealTimers();
});

test('plays one slice after the other at its rate, and from the last one to the first', () => {
  toggleCine();
  expect(useCine.getState().playing).toBe('axial');
  vi.advanceTimersByTime(1000);
  expect(shown.length).toBeGreaterThanOrEqual(9);
  expect(shown.length).toBeLessThanOrEqual(11);
  expect(shown.slice(0, 4)).toEqual([3, 4, 0, 1]);
  setRate(30);
  shown.length = 0;
  vi.advanceTimersByTime(1000);
  expect(shown.length).toBeGreaterThan(20);
});

test('ends where a turned plane comes to the end of the scan', () => {
  isTurned = true;
  toggleCine();
  vi.advanceTimersByTime(1000);
  expect([shown, useCine.getState().playing]).toEqual([[3, 4], null]);
  isTurned = false;
});

test('a rate has bounds', () => {
  setRate(500);
  expect(useCine.getState().perSecond).toBe(30);
  setRate(0);
  expect(useCine.getState().perSecond).toBe(1);
  expect([nextSlice(3, 5), nextSlice(4, 5), nextSlice(0, 1)]).toEqual([4, 0, 0]);
});

test.each(['keydown', 'pointerdown', 'wheel'])('any input stops it: %s', (name) => {
  toggleCine();
  vi.advanceTimersByTime(200);
  document.body.dispatchEvent(new Event(name, { bubbles: true }));
  vi.advanceTimersByTime(1);
  expect(useCine.getState().playing).toBeNull();
  shown.length = 0;
  vi.advanceTimersByTime(1000);
  expect(shown).toEqual([]);
});

test('the key that starts it stops it, and does not start it again', () => {
  const press = (): void => {
    document.body.dispatchEvent(new Event('keydown', { bubbles: true }));
    toggleCine();
    vi.advanceTimersByTime(1);
  };
  press();
  expect(useCine.getState().playing).toBe('axial');
  press();
  expect(useCine.getState().playing).toBeNull();
  press();
  expect(useCine.getState().playing).toBe('axial');
});

test('its own controls do not stop it, another case does', () => {
  document.body.innerHTML = '<div data-cine><button>faster</button></div>';
  toggleCine();
  document.querySelector('button')?.dispatchEvent(new Event('pointerdown', { bubbles: true }));
  vi.advanceTimersByTime(100);
  expect(useCine.getState().playing).toBe('axial');
  useRead.setState({ port: viewer() });
  vi.advanceTimersByTime(100);
  expect(useCine.getState().playing).toBeNull();
});
