import { expect, test, vi } from 'vitest';
import { Afterwards } from './afterwards';

test('what is left to do is done in a task of its own, once', async () => {
  const done: string[] = [];
  const afterwards = new Afterwards();
  afterwards.leave(() => done.push('stroke'));
  expect(done).toEqual([]);
  await vi.waitFor(() => expect(done).toEqual(['stroke']));
  afterwards.settle();
  expect(done).toEqual(['stroke']);
});

test('what needs it done, and what is left next, do not wait', () => {
  const done: string[] = [];
  const afterwards = new Afterwards();
  afterwards.leave(() => done.push('first'));
  afterwards.settle();
  expect(done).toEqual(['first']);
  afterwards.leave(() => done.push('second'));
  afterwards.leave(() => done.push('third'));
  expect(done).toEqual(['first', 'second']);
  afterwards.settle();
  expect(done).toEqual(['first', 'second', 'third']);
});
