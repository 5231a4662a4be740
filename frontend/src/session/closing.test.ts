import { expect, test } from 'vitest';
import { lastClosed, noteClosing } from './closing';

test('a case waits for itself to be closed, not for others; all can be waited for', async () => {
  const order: string[] = [];
  let close = (): void => undefined;
  const work = new Promise<void>((done) => {
    close = done;
  });
  noteClosing(1, work);
  noteClosing(1, Promise.reject(new Error('no connection')));
  const told = [
    lastClosed(1).then(() => order.push('the same')),
    lastClosed().then(() => order.push('all')),
    lastClosed(2).then(() => order.push('another')),
  ];
  await told[2];
  expect(order).toEqual(['another']);
  close();
  await Promise.all(told);
  expect(order.slice(1).sort()).toEqual(['all', 'the same']);
  await lastClosed(1);
});
