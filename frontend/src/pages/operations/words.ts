/** What an operator reads: ages, sizes, and what each part is. */

import type { FailedJob, OperationsDisk, OperationsQueue, OperationsWorker } from '../../api';
import { duration } from '../words';

type Tone = 'good' | 'busy' | 'warn' | 'bad' | 'quiet';

export interface Said {
  readonly tone: Tone;
  readonly words: string;
}

/** A worker says every ten seconds that it is there; one that trains alone has no time to. */
const SILENT_AFTER_S = 60;
const DAY_S = 86_400;

export const QUEUES: Readonly<Record<OperationsQueue['queue'], string>> = {
  io: 'Imports and exports',
  score: 'Scores and agreement',
  infer: 'Predictions',
  train: 'Trainings',
};

export const KINDS: Readonly<Record<FailedJob['kind'], string>> = {
  import: 'Import',
  train: 'Training',
  predict: 'Predictions of a project',
  propose: 'Prediction of one case',
  atlas: 'Pre-annotation from labelled cases',
  score: 'Scores of a case',
  simulate: 'Comparison of strategies',
  measure: 'Scores of a model',
  export: 'Export',
  look: 'Look at an import',
};

/** `12 s ago`, `3 d ago`. */
export function ago(seconds: number): string {
  return seconds < DAY_S ? `${duration(seconds)} ago` : `${Math.floor(seconds / DAY_S)} d ago`;
}

/** `1.5 TB`, `340 GB`, `12 MB`: decimal, as disks are sold. */
export function size(bytes: number): string {
  const units = ['B', 'kB', 'MB', 'GB', 'TB', 'PB'];
  let value = bytes;
  let unit = 0;
  while (value >= 999.5 && unit < units.length - 1) {
    value /= 1000;
    unit += 1;
  }
  const digits = unit > 0 && value < 9.95 ? 1 : 0;
  return `${value.toFixed(digits)}\u202f${units[unit] ?? ''}`;
}

export function queueState(queue: OperationsQueue): Said {
  if (queue.seen_s === null) {
    return { tone: 'bad', words: 'no worker' };
  }
  if (!queue.is_served) {
    return { tone: 'bad', words: `nobody worked on it for ${duration(queue.seen_s)}` };
  }
  return queue.running > 0 ? { tone: 'busy', words: 'at work' } : { tone: 'good', words: 'served' };
}

export function workerState(worker: OperationsWorker): Said {
  if (worker.busy.length > 0) {
    return { tone: 'busy', words: 'at work' };
  }
  return worker.alive_s > SILENT_AFTER_S
    ? { tone: 'bad', words: `silent for ${duration(worker.alive_s)}` }
    : { tone: 'good', words: 'waits for work' };
}

/** `annotation.tasks.train` is `train` to people. */
export function taskWords(task: string): string {
  const name = task.split('.').at(-1) ?? task;
  return (KINDS as Readonly<Record<string, string>>)[name] ?? name.replaceAll('_', ' ');
}

export function diskWords(disk: OperationsDisk): string {
  return `${size(disk.free_bytes)} free of ${size(disk.total_bytes)}`;
}
