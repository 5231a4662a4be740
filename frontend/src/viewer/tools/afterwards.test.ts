import { expect, test } from 'vitest';
import { Afterwards } from './afterwards';

function turn(): Promise<void> {
  return new Promise((resume) => setTimeout(resume, 5));
}

test('what is left to do is done in a task of its own, once', async () => {
  const done: string[] = [];
  const afterwards = new Afterwards();
  afterwards.leave(() => done.push('stroke'));
  expect(done).toEqual([]);
  await turn();
  expect(done).toEqual(['stroke']);
  afterwards.settle();
  expect(done).toEqual(['stroke']);
  afterwards.destroy();
});

test('what needs it done, what is left next, and the end do not wait', async () => {
  const done: string[] = [];
  const afterwards = new Afterwards();
  afterwards.leave(() => done.push('first'));
  afterwards.settle();
  expect(done).toEqual(['first']);
  afterwards.leave(() => done.push('second'));
  afterwards.leave(() => done.push('third'));
  expect(done).toEqual(['first', 'second']);
  afterwards.destroy();
  expect(done).toEqual(['first', 'second', 'third']);
  await turn();
  expect(done).toHaveLength(3);
});
