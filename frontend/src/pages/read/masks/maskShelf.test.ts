import { expect, test } from 'vitest';
import type { Assignment, MaskRef } from '../../../api';
import { LabelMap } from '../../../voxels';
import type { Source } from '../compare/sources';
import { MaskShelf } from './maskShelf';

const asked: string[] = [];
const mask = LabelMap.empty([2, 2, 2], 1);
const prediction = LabelMap.empty([2, 2, 2], 1);
const assignment = { prediction_mask: { id: '1', head: 1 }, subject: null } as Assignment;

async function read({ id, head }: MaskRef): Promise<LabelMap> {
  asked.push(`${id}@${head}`);
  if (head === 99) {
    throw new Error('gone');
  }
  return LabelMap.empty([2, 2, 2], 1);
}

const revision = (number: number): Source => ({ kind: 'revision', mask: '5', number });

test('the open masks are given as they are, others are fetched once while they are kept', async () => {
  const shelf = new MaskShelf({ assignment, mask, prediction }, read);
  expect(await shelf.get({ kind: 'mine' })).toBe(mask);
  expect(await shelf.get({ kind: 'prediction' })).toBe(prediction);
  const first = await shelf.get(revision(1));
  await shelf.get(revision(2));
  expect(await shelf.get(revision(1))).toBe(first);
  expect(asked).toEqual(['5@1', '5@2']);
  await shelf.get(revision(3));
  // The second was not asked for the longest time.
  await shelf.get(revision(1));
  await shelf.get(revision(2));
  expect(asked).toEqual(['5@1', '5@2', '5@3', '5@2']);
});

test('what failed is tried again, and what is not there is said', async () => {
  asked.length = 0;
  const shelf = new MaskShelf({ assignment, mask, prediction }, read);
  await expect(shelf.get(revision(99))).rejects.toThrow('gone');
  await expect(shelf.get(revision(99))).rejects.toThrow('gone');
  expect(asked).toEqual(['5@99', '5@99']);
  await expect(shelf.get({ kind: 'read' })).rejects.toThrow('no such mask');
});
