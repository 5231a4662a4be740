import { expect, test } from 'vitest';
import { firstToPaint, paintWords, wordsOf } from './quickPaint';

/** The same numbers every time. */
function numbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1103515245 + 12345) % 2147483648;
    return state / 2147483648;
  };
}

/** Pieces of one value, some of them a voxel long. */
function row(length: number, next: () => number): Uint8Array {
  const voxels = new Uint8Array(length);
  for (let p = 0; p < length; ) {
    const end = p + 1 + Math.floor(next() ** 3 * 40);
    voxels.fill(Math.floor(next() * 4), p, end);
    p = end;
  }
  return voxels;
}

test('four at once paint what one after the other would', () => {
  const next = numbers(7);
  for (let round = 0; round < 400; round++) {
    const length = 1 + Math.floor(next() * 200);
    const voxels = row(length, next);
    const written = Math.floor(next() * 5);
    const replaceable = Uint8Array.from({ length: 256 }, (_, old) =>
      old !== written && next() < 0.5 ? 1 : 0,
    );
    const start = Math.floor(next() * length);
    const end = start + Math.floor(next() * (length - start + 1));
    const words = wordsOf(voxels) as Uint32Array;
    const wanted = voxels.map((old, p) => (p >= start && p < end && replaceable[old] === 1 ? written : old));
    const found = voxels.findIndex((old, p) => p >= start && p < end && replaceable[old] === 1);
    const first = firstToPaint(voxels, words, replaceable, start, end);
    expect(first).toBe(found < 0 ? end : found);
    paintWords(voxels, words, written, replaceable, first, end);
    expect(voxels).toEqual(wanted);
  }
});

test('voxels that do not begin at a word are not seen as words', () => {
  expect(wordsOf(new Uint8Array(new ArrayBuffer(12), 2, 8))).toBeNull();
});
