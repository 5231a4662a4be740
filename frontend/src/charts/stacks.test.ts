import { expect, test } from 'vitest';
import { segmentsOf } from './stacks';

const part = (count: number) => ({ count, title: '', open: '' });

test('parts follow each other and fill the bar; what nobody gave is left out', () => {
  const found = segmentsOf([{ label: 'Liver', parts: [0, 1, 0, 1, 2].map(part), words: '75 %' }]);
  expect(found.map(({ from, to, grade }) => [from, to, grade])).toEqual([
    [0, 25, 1],
    [25, 50, 3],
    [50, 100, 4],
  ]);
  expect(found.map(({ words }) => words)).toEqual(['', '', '75 %']);
});

test('each bar has its row', () => {
  const stacks = [1, 2].map((count) => ({ label: '', parts: [part(count)], words: '' }));
  expect(segmentsOf(stacks).map(({ row }) => row)).toEqual([0, 1]);
});
