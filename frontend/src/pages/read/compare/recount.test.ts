import { expect, test, vi } from 'vitest';
import { Recount } from './recount';

const slices = (...ks: number[]) => ks.map((k) => ({ layer: 0, k }));

test('slices are counted after the stroke, each once, also those that change meanwhile', async () => {
  const counted: number[] = [];
  const done = vi.fn();
  let again = true;
  const recount: Recount = new Recount(
    (_, k) => {
      counted.push(k);
      if (k === 2 && again) {
        again = false;
        recount.stale(slices(1));
      }
    },
    done,
    () => false,
  );
  recount.stale(slices(1, 2));
  recount.stale(slices(2, 3));
  expect(counted).toEqual([]);
  await vi.waitFor(() => expect(done).toHaveBeenCalledTimes(1));
  expect(counted).toEqual([1, 2, 3, 1]);
});

test('nothing is counted or told any more when nobody compares', async () => {
  const count = vi.fn();
  let isGone = false;
  const recount = new Recount(count, count, () => isGone);
  recount.stale(slices(1));
  isGone = true;
  await new Promise((resume) => setTimeout(resume, 5));
  expect(count).not.toHaveBeenCalled();
});
