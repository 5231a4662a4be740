import { expect, it } from 'vitest';
import type { Export } from '../../../api';
import { exportWords, isOfModel, notesOf, stateWords } from './words';

const made = (job: Partial<Export['job']>, more: Partial<Export> = {}): Export => ({
  id: 1,
  form: 'nnunet',
  what: 'accepted',
  selection: { splits: ['test'], readers: [], structures: ['liver'], model: null, original_uids: false },
  items: 12,
  requested_by: 'lea',
  created_at: '2026-01-01T00:00:00Z',
  bytes: null,
  sha256: '',
  job: {
    id: 1,
    kind: 'export',
    state: 'queued',
    attempts: 0,
    progress: {},
    error: '',
    result: {},
    created_at: '2026-01-01T00:00:00Z',
    started_at: null,
    finished_at: null,
    ...job,
  } as Export['job'],
  ...more,
});

it('says what an export holds', () => {
  expect(exportWords(made({}))).toBe('Accepted delineations · 12 as nnU-Net raw · test · liver');
  const ofModel = made(
    {},
    {
      what: 'predictions',
      selection: { splits: [], readers: [], structures: [], model: 3, original_uids: false },
    },
  );
  expect(exportWords(ofModel)).toBe('What a model predicted · 12 as nnU-Net raw · model 3');
  const everything = { splits: [], readers: [], structures: [], model: null, original_uids: false };
  const ofRound = (round: number): string => exportWords(made({}, { selection: { ...everything, round } }));
  expect(ofRound(2)).toBe('Accepted delineations · 12 as nnU-Net raw · begun from model 2');
  expect(ofRound(0)).toBe('Accepted delineations · 12 as nnU-Net raw · begun from no model');
});

it('says where an export is', () => {
  expect(stateWords(made({}))).toBe('waits for a worker');
  const progress = { stage: 'exporting', done: 3, total: 12, message: '', seconds_left: 90, values: {} };
  expect(stateWords(made({ state: 'running', progress }))).toBe('3 of 12, about 2 min left');
  expect(stateWords(made({ state: 'running', progress: {} }))).toBe('begins');
  expect(stateWords(made({ state: 'failed', error: 'Too large.' }))).toBe('failed. Too large.');
  expect(stateWords(made({ state: 'succeeded' }, { bytes: 2048 }))).toContain('2');
});

it('takes only sentences from a result', () => {
  expect(notesOf(made({ result: { notes: ['a', 3] } }))).toEqual(['a']);
  expect(notesOf(made({ result: null }))).toEqual([]);
});

it('asks for a model where the selection is of one', () => {
  expect(isOfModel('training')).toBe(true);
  expect(isOfModel('reads')).toBe(false);
});
