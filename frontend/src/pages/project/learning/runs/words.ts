import type { Run, RunRow } from '../../../../api';
import { duration, when } from '../../../words';

export const STATES: Readonly<Record<RunRow['state'], { readonly word: string; readonly colour: string }>> = {
  queued: { word: 'waits for a worker', colour: 'gray' },
  running: { word: 'running', colour: 'blue' },
  succeeded: { word: 'finished', colour: 'accent' },
  failed: { word: 'failed', colour: 'red' },
  cancelled: { word: 'cancelled', colour: 'gray' },
};

const TRIGGERS: Readonly<Record<RunRow['trigger'], string>> = {
  count: 'Enough cases were accepted',
  schedule: 'It was time',
  gain: 'Enough was to be gained',
  hand: 'By hand',
  comparison: 'Compared with others',
};

/** What asked for a training, and who. */
export function askedBy({ trigger, requested_by: person }: RunRow): string {
  const why = TRIGGERS[trigger];
  return person === null ? why : `${why}, ${person}`;
}

/** How long it took, or has taken so far. */
export function timeTaken({ started_at: from, finished_at: to }: RunRow, now: number = Date.now()): string {
  if (from === null) {
    return '—';
  }
  const end = to === null ? now : Date.parse(to);
  return duration(Math.max(0, end - Date.parse(from)) / 1000);
}

export function casesOf({ cases }: RunRow): string {
  return `${cases.train} / ${cases.validation} / ${cases.test}`;
}

/** The options of a run in the order in which a lead sets them. */
export function optionsOf(run: Run): readonly (readonly [string, string])[] {
  return [
    ['Begun', `${askedBy(run)}, ${when(run.created_at)}`],
    ['Network', run.network],
    ['Weights from', run.start_version === null ? 'nothing' : `model ${run.start_version}`],
    ['Encoder', run.frozen_encoder ? 'kept as it is' : 'trained'],
    ['Networks', run.members === 1 ? 'one' : `${run.members}, averaged`],
    run.fixed_steps === null
      ? ['Time for training', duration(run.budget_s)]
      : ['Steps', `${run.fixed_steps.toLocaleString('en-GB')} each, however long they take`],
    ['Seed', String(run.seed)],
    ...(run.code_version === '' ? [] : [['Code', run.code_version] as const]),
  ];
}

/** What the worker takes of its machine: words beside figures; nothing before it has told. */
export function resourcesOf(run: Run): readonly (readonly [string, string])[] {
  const told = run.job.progress.values ?? {};
  const rows: (readonly [string, string])[] = [];
  const { memory_gb: memory, cores, cpus, gpu_memory_gb: card, gpu_total_gb: cardTotal } = told;
  if (memory !== undefined) {
    rows.push(['Memory', `${memory.toFixed(1)} GB`]);
  }
  if (cores !== undefined && cpus !== undefined) {
    rows.push(['Processor', `${cores.toFixed(1)} of ${cpus} cores busy`]);
  }
  if (card !== undefined && cardTotal !== undefined) {
    rows.push(['Graphics memory', `${card.toFixed(1)} of ${cardTotal.toFixed(0)} GB`]);
  }
  return rows;
}
