import { expect, test } from 'vitest';
import type { Assignment } from '../../../api';
import { maskOf, sourceKey, sourcesOf, sourceWords, usualBase } from './sources';

type Part = Pick<
  Assignment,
  'role' | 'model_version' | 'prediction_mask' | 'mask' | 'subject' | 'rival' | 'branches'
>;

const READ = {
  role: 'annotate',
  model_version: 7,
  prediction_mask: { id: '3', head: 1 },
  mask: { id: '4', head: 6 },
  subject: null,
  rival: null,
  branches: [
    { mask: '9', head: 2, base_revision: 4, strokes: 3, at: '2026-05-11T12:00:00Z', applied: false },
  ],
} satisfies Part as unknown as Assignment;

const REVIEW = {
  ...READ,
  role: 'review',
  prediction_mask: null,
  model_version: null,
  subject: { mask: { id: '5', head: 12 }, measurements: [] },
  branches: [],
} as Assignment;

test('a reader has the own mask, the prediction and the branches', () => {
  expect(sourcesOf(READ).map(sourceKey)).toEqual(['mine', 'prediction', 'branch/9/2']);
  expect(sourcesOf(READ).map((source) => maskOf(source, READ))).toEqual([
    null,
    { id: '3', head: 1 },
    { id: '9', head: 2 },
  ]);
});

test('a reviewer has what the reader handed in, and no prediction where there was none', () => {
  expect(sourcesOf(REVIEW).map(sourceKey)).toEqual(['mine', 'read']);
  expect(maskOf({ kind: 'read' }, REVIEW)).toEqual({ id: '5', head: 12 });
});

test('who adjudicates has both reads, by letters', () => {
  const between = { ...REVIEW, role: 'adjudicate', rival: { id: '6', head: 3 } } as Assignment;
  expect(sourcesOf(between).map((source) => sourceWords(source, between))).toEqual([
    'What I decided',
    'Reader A',
    'Reader B',
  ]);
  expect(maskOf({ kind: 'rival' }, between)).toEqual({ id: '6', head: 3 });
});

test('each is called by its name', () => {
  expect(sourceWords({ kind: 'prediction' }, READ)).toBe('Prediction of model 7');
  expect(sourceWords({ kind: 'revision', mask: '5', number: 12 }, READ)).toBe('Revision 12');
  expect(sourceWords({ kind: 'mine' }, REVIEW)).toBe('Mask with my fixes');
});

test('the prediction is the usual thing to compare with, and without any the beginning of the read', () => {
  expect(usualBase(READ)).toEqual({ kind: 'prediction' });
  expect(usualBase(REVIEW)).toEqual({ kind: 'read' });
  const scratch = { ...READ, prediction_mask: null, branches: [] };
  expect(usualBase(scratch)).toEqual({ kind: 'revision', mask: '4', number: 0 });
});
