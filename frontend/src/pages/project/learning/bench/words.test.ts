import { expect, it } from 'vitest';
import type { Bench, BenchEntry } from '../../../../api';
import {
  benchWords,
  differenceWords,
  networkName,
  nowWords,
  parametersWords,
  progressWords,
  pWords,
  shareDone,
  spreadWords,
  stateWords,
} from './words';

const entry = (network: string, state: BenchEntry['state'], more: Partial<BenchEntry> = {}): BenchEntry => ({
  network,
  state,
  run: null,
  job: null,
  model: null,
  steps: null,
  train_seconds: null,
  parameters: null,
  ...more,
});

const BENCH: Bench = {
  id: 1,
  state: 'going_on',
  created_at: '2026-01-01T00:00:00Z',
  requested_by: 'lea',
  budget_s: 300,
  seed: 0,
  snapshot_sha256: '',
  cases: { train: 24, validation: 1, test: 8 },
  entries: [entry('plain_unet', 'succeeded'), entry('vnet', 'queued'), entry('unetr', 'waiting')],
  done: 1,
  seconds_left: 620,
  waits: false,
  can_go_on: false,
};

it('says what was compared, how far it is and what goes on', () => {
  expect(benchWords(BENCH)).toBe(
    'Each trained from nothing for 5 min on the same 24 frozen cases, 1 validation case, seed 0; ' +
      'scored on the same 8 test cases. Asked for by lea.',
  );
  expect(progressWords(BENCH)).toBe('1 of 3 networks trained, about 10 min left.');
  expect(nowWords(BENCH)).toBe('V-Net waits for a worker.');
  const waiting = { ...BENCH, entries: [entry('vnet', 'waiting')] };
  expect(nowWords({ ...waiting, waits: true })).toBe('Another training of the project goes first.');
  expect(nowWords(waiting)).toBe('The next network is about to begin.');
});

it('counts the part of the training at hand', () => {
  expect(shareDone(BENCH)).toBeCloseTo(1 / 3);
  const progress = { stage: 'train', done: 50, total: 100, message: 'Step 50 of 100', values: {} };
  const job = { state: 'running', progress } as unknown as NonNullable<BenchEntry['job']>;
  const running = { ...BENCH, entries: [entry('vnet', 'running', { job }), entry('unetr', 'waiting')] };
  expect(shareDone(running)).toBeCloseTo(0.25);
  expect(nowWords(running)).toBe('V-Net: Step 50 of 100');
});

it('says why a network has no figures', () => {
  const job = { error: 'Too little memory.' } as unknown as NonNullable<BenchEntry['job']>;
  expect(stateWords(entry('vnet', 'failed', { job }), BENCH)).toBe('failed: Too little memory.');
  expect(stateWords(entry('vnet', 'waiting'), BENCH)).toBe('not trained yet');
  expect(stateWords(entry('vnet', 'waiting'), { ...BENCH, state: 'stopped' })).toBe('not trained');
});

it('writes figures', () => {
  const cell = { network: 'vnet', mean: 0.8, sd: 0.0314, low: 0.75, high: 0.85, n: 8, best: false };
  expect([spreadWords(cell, 'sd'), spreadWords(cell, 'interval')]).toEqual(['± 0.031', '0.750–0.850']);
  expect(spreadWords({ ...cell, sd: null, low: null }, 'interval')).toBe('');
  expect([null, 812_345, 1_412_000, 31_190_000].map(parametersWords)).toEqual([
    '—',
    '812 k',
    '1.4 M',
    '31 M',
  ]);
  expect([null, 0.0004, 0.0312].map(pWords)).toEqual(['—', '< 0.001', '0.031']);
  const difference = { mean: -0.02, low: -0.05, high: 0.0001, cases: 8, not_applicable: 0 };
  const pair = { first: 'a', second: 'b', cases: 8, difference, p: null, p_holm: null };
  expect(differenceWords(pair)).toBe('−0.020 (95 % CI −0.050…0.000)');
  expect(differenceWords({ ...pair, difference: null })).toBe('—');
});

it('names networks as people do', () => {
  expect(networkName('resenc_unet')).toBe('Residual encoder U-Net');
  expect(networkName('of_tomorrow')).toBe('of_tomorrow');
});
