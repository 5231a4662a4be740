import fc from 'fast-check';
import { expect, test } from 'vitest';
import { quickVoxels, SliceChanges } from './step';

/** Runs of few values, so that words are the same as often as they are not. */
const voxels = fc
  .array(fc.tuple(fc.integer({ min: 0, max: 2 }), fc.integer({ min: 1, max: 9 })), { minLength: 60 })
  .map((runs) => Uint8Array.from(runs.flatMap(([value, length]) => new Array(length).fill(value))));

test('four voxels at once find the same runs as one by one', () => {
  fc.assert(
    fc.property(voxels, voxels, fc.nat({ max: 9 }), fc.nat({ max: 50 }), (a, b, place, left) => {
      const position = 4 * place;
      const count = Math.min(a.length, b.length - position) - left;
      fc.pre(count > 0);
      const plain = new SliceChanges(0, 5);
      plain.compare(position, count, a, 0, b, position);
      const quick = new SliceChanges(0, 0);
      quick.become(3, 4, new Uint8Array(9), 2);
      quick.restart(5);
      const [old, now] = [quickVoxels(a), quickVoxels(b)];
      if (old === null || now === null) throw new Error('New arrays begin at a word.');
      quick.compareQuick(position, count, old, 0, now);
      expect(quick.runs()).toEqual(plain.runs());
      expect([quick.gained, quick.lost]).toEqual([plain.gained, plain.lost]);
    }),
  );
});

test('voxels that do not begin at a word are compared one by one', () => {
  expect(quickVoxels(new Uint8Array(9).subarray(1))).toBeNull();
});
