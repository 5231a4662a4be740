import { expect, test, vi } from 'vitest';
import { type Box, boxBetween, type Ijk, ijk } from '../../voxels';
import { type DrawTo, StrokePath } from './strokePath';

function path(): { readonly drawn: Ijk[]; readonly path: StrokePath } {
  const drawn: Ijk[] = [];
  return { drawn, path: new StrokePath(ijk(0, 0, 0), inOneStep(drawn), () => undefined) };
}

function inOneStep(drawn: Ijk[]): DrawTo {
  return function* (to) {
    drawn.push(to);
    yield null;
  };
}

test('places of one event are drawn when all of them are known, those on a straight way as one', async () => {
  const { drawn, path: way } = path();
  for (let n = 1; n <= 5; n++) way.add(ijk(n, 2 * n, 0));
  way.add(ijk(5, 20, 0));
  way.add(ijk(5, 15, 0));
  expect(drawn).toEqual([]);
  await Promise.resolve();
  expect(drawn).toEqual([
    [5, 10, 0],
    [5, 20, 0],
    [5, 15, 0],
  ]);
  // What was drawn is not moved on.
  way.add(ijk(5, 12, 0));
  await Promise.resolve();
  expect(drawn.at(-1)).toEqual([5, 12, 0]);
  expect(drawn).toHaveLength(4);
});

test('a slow bend is followed: what is passed over never adds up', async () => {
  const { drawn, path: way } = path();
  const bend = Array.from({ length: 200 }, (_, n) => ijk(n / 10, (n / 10) ** 2 / 40, 0));
  for (const place of bend) way.add(place);
  way.finish();
  expect(drawn.length).toBeLessThan(60);
  expect(drawn.at(-1)).toEqual(bend.at(-1));
  const aside = bend.map((place) => {
    const end = drawn.findIndex((to) => to[0] >= place[0]);
    const [from, to] = [drawn[end - 1] ?? [0, 0, 0], drawn[end] as Ijk];
    const share = (place[0] - from[0]) / Math.max(1e-9, to[0] - from[0]);
    return Math.abs(place[1] - from[1] - share * (to[1] - from[1]));
  });
  expect(Math.max(...aside)).toBeLessThan(0.1);
});

test('what takes too long goes on in the next turn; the end of the stroke draws the rest, giving it up does not', async () => {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const drawn: Ijk[] = [];
  const slow: DrawTo = function* (to) {
    drawn.push(to);
    now += 5;
    yield null;
  };
  const way = new StrokePath(ijk(0, 0, 0), slow, () => undefined);
  for (let n = 1; n <= 6; n++) way.add(ijk(n, n % 2, 0));
  await Promise.resolve();
  expect(drawn).toHaveLength(2);
  await new Promise((resume) => setTimeout(resume, 1));
  expect(drawn.length).toBeGreaterThanOrEqual(4);
  way.finish();
  expect(drawn).toHaveLength(6);
  const given = new StrokePath(ijk(0, 0, 0), slow, () => undefined);
  given.add(ijk(9, 9, 0));
  given.drop();
  await Promise.resolve();
  expect(drawn).toHaveLength(6);
  clock.mockRestore();
});

test('one large place is drawn over several turns, and each turn shows once what changed in it', async () => {
  let now = 0;
  const clock = vi.spyOn(performance, 'now').mockImplementation(() => now);
  const slices: number[] = [];
  const sphere: DrawTo = function* () {
    for (let k = 0; k < 7; k++) {
      slices.push(k);
      now += 3;
      yield k === 1 ? null : boxBetween([k, 0, k], [k, 0, k]);
    }
  };
  const shown: Box[] = [];
  const way = new StrokePath(ijk(0, 0, 0), sphere, (box) => shown.push(box));
  way.begin();
  expect(slices).toEqual([0, 1, 2]);
  expect(shown).toEqual([boxBetween([0, 0, 0], [2, 0, 2])]);
  await new Promise((resume) => setTimeout(resume, 1));
  expect(slices).toEqual([0, 1, 2, 3, 4, 5]);
  way.finish();
  expect(slices).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(shown.slice(1)).toEqual([boxBetween([3, 0, 3], [5, 0, 5]), boxBetween([6, 0, 6], [6, 0, 6])]);
  clock.mockRestore();
});
