import { expect, test } from 'vitest';
import { nextUnlooked, packLooked, unpackLooked } from './looked';

test('slices survive the way to the server and back', () => {
  const looked = Uint8Array.from({ length: 301 }, (_, slice) => (slice % 3 === 0 || slice > 290 ? 1 : 0));
  expect([...unpackLooked(packLooked(looked), 301)]).toEqual([...looked]);
});

test('the first slice is the lowest bit of the first byte', () => {
  expect(packLooked(Uint8Array.of(1, 0, 0, 0, 0, 0, 0, 0, 0, 1))).toBe(btoa('\u0001\u0002'));
});

test('what the server has not heard of was not looked at', () => {
  expect([...unpackLooked('', 3)]).toEqual([0, 0, 0]);
  expect([...unpackLooked(btoa('\u00ff'), 10)]).toEqual([1, 1, 1, 1, 1, 1, 1, 1, 0, 0]);
});

test('the next slice has the structure and was not looked at, in either direction and round the end', () => {
  const active = Uint8Array.of(0, 1, 1, 1, 0, 1);
  const looked = Uint8Array.of(0, 1, 0, 1, 0, 0);
  expect(nextUnlooked(active, looked, 2, 1)).toBe(5);
  expect(nextUnlooked(active, looked, 5, 1)).toBe(2);
  expect(nextUnlooked(active, looked, 2, -1)).toBe(5);
  expect(nextUnlooked(active, Uint8Array.of(1, 1, 1, 1, 1, 1), 2, 1)).toBeNull();
  expect(nextUnlooked(new Uint8Array(6), looked, 2, 1)).toBeNull();
});
