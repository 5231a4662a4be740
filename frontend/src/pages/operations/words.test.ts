import { describe, expect, it } from 'vitest';
import type { OperationsQueue, OperationsWorker } from '../../api';
import { ago, diskWords, queueState, size, taskWords, workerState } from './words';

const queue: OperationsQueue = {
  queue: 'io',
  messages: 0,
  waiting: 0,
  running: 0,
  oldest_wait_s: null,
  seen_s: 4,
  is_served: true,
};

const worker: OperationsWorker = {
  name: 'worker@a',
  queues: ['io'],
  version: '0.1.0',
  up_s: 100,
  alive_s: 3,
  worked_s: null,
  busy: [],
};

describe('sizes and ages', () => {
  it.each([
    [0, '0\u202fB'],
    [999, '999\u202fB'],
    [1_000, '1.0\u202fkB'],
    [999_600, '1.0\u202fMB'],
    [12_345_678, '12\u202fMB'],
    [1.5e12, '1.5\u202fTB'],
    [2e18, '2000\u202fPB'],
  ])('%d bytes are %s', (bytes, words) => {
    expect(size(bytes)).toBe(words);
  });

  it('counts days from a day on', () => {
    expect(ago(59)).toBe('59 s ago');
    expect(ago(86_399)).toBe('24 h 0 min ago');
    expect(ago(3 * 86_400 + 5)).toBe('3 d ago');
  });

  it('says what is left of a disk', () => {
    expect(diskWords({ free_bytes: 5e9, total_bytes: 1e12, has_room: true })).toBe(
      '5.0\u202fGB free of 1.0\u202fTB',
    );
  });
});

describe('queues', () => {
  it('are served, at work, or nobody’s', () => {
    expect(queueState(queue).tone).toBe('good');
    expect(queueState({ ...queue, running: 1 })).toEqual({ tone: 'busy', words: 'at work' });
    expect(queueState({ ...queue, seen_s: null, is_served: false }).words).toBe('no worker');
    expect(queueState({ ...queue, seen_s: 600, is_served: false }).words).toContain('10 min');
  });
});

describe('workers', () => {
  it('wait, or fell silent', () => {
    expect(workerState(worker).tone).toBe('good');
    expect(workerState({ ...worker, alive_s: 600 })).toEqual({ tone: 'bad', words: 'silent for 10 min' });
  });

  it('that train alone are not taken for silent', () => {
    const busy = [{ task: 'annotation.tasks.train', job_id: 3, for_s: 7200 }];
    expect(workerState({ ...worker, alive_s: 7200, busy }).tone).toBe('busy');
  });

  it('do things that have names', () => {
    expect(taskWords('annotation.tasks.train')).toBe('Training');
    expect(taskWords('annotation.tasks.sweep_jobs')).toBe('sweep jobs');
  });
});
