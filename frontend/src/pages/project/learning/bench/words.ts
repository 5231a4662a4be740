/** Words and figures of networks that are compared. */

import type { Bench, BenchCell, BenchEntry, BenchPair } from '../../../../api';
import { duration, inThousands, score, signed } from '../../../words';
import { NETWORKS } from '../rounds/fields';

export type Measure = 'dice' | 'surface_dice';
/** What stands beside a mean: its standard deviation, or its 95 % interval. */
export type Spread = 'sd' | 'interval';

export const MEASURES: Readonly<Record<Measure, string>> = { dice: 'Dice', surface_dice: 'Surface Dice' };

const STATES: Readonly<Record<BenchEntry['state'], string>> = {
  waiting: 'not trained yet',
  queued: 'next',
  running: 'in training',
  succeeded: 'trained',
  failed: 'failed',
  cancelled: 'cancelled',
};

/** `Residual encoder U-Net`; a name that nobody knows stays as it is. */
export function networkName(network: string): string {
  const label = NETWORKS.find(({ value }) => value === network)?.label ?? network;
  const name = label.replace(/ \(.*\)$/, '');
  return label === network ? name : name.charAt(0).toUpperCase() + name.slice(1);
}

/** What the column of a network without a model says. */
export function stateWords(entry: BenchEntry, bench: Bench): string {
  if (entry.state === 'failed' && entry.job !== null) {
    return `failed: ${entry.job.error}`;
  }
  return entry.state === 'waiting' && bench.state !== 'going_on' ? 'not trained' : STATES[entry.state];
}

/** What was trained on what, for how long. */
export function benchWords({ cases, budget_s: budget, seed, requested_by: person }: Bench): string {
  const held = cases.validation === 0 ? '' : `, ${counted(cases.validation, 'validation case')}`;
  return (
    `Each trained from nothing for ${duration(budget)} on the same ${counted(cases.train, 'frozen case')}${held}, ` +
    `seed ${seed}; scored on the same ${counted(cases.test, 'test case')}. Asked for by ${person}.`
  );
}

/** How far it is and how long it will take. */
export function progressWords(bench: Bench): string {
  const { done, entries, seconds_left: left } = bench;
  const time = left === null || left < 1 ? '' : `, about ${duration(left)} left`;
  return `${done} of ${entries.length} networks trained${time}.`;
}

/** What happens at this moment. */
export function nowWords(bench: Bench): string {
  const current = bench.entries.find(({ state }) => state === 'running' || state === 'queued');
  if (current === undefined) {
    return bench.waits
      ? 'Another training of the project goes first.'
      : 'The next network is about to begin.';
  }
  if (current.state === 'queued') {
    return `${networkName(current.network)} waits for a worker.`;
  }
  return `${networkName(current.network)}: ${current.job?.progress.message || 'begins'}`;
}

/** Networks that have ended, and the part of the one in training. */
export function shareDone({ entries }: Bench): number {
  const ended = entries.filter(({ state }) => ['succeeded', 'failed', 'cancelled'].includes(state)).length;
  const {
    stage = '',
    done = 0,
    total = 0,
  } = entries.find(({ state }) => state === 'running')?.job?.progress ?? {};
  const part = stage === 'train' && total > 0 ? done / total : 0;
  return entries.length === 0 ? 0 : (ended + part) / entries.length;
}

/** `± 0.031` or `0.812–0.874`; empty where too few cases tell it. */
export function spreadWords({ sd, low, high }: BenchCell, spread: Spread): string {
  if (spread === 'sd') {
    return sd === null ? '' : `± ${score(sd)}`;
  }
  return low === null || high === null ? '' : `${score(low)}–${score(high)}`;
}

/** `1.4 M`, `31 M`, `812 k`: what counts is the order of magnitude. */
export function parametersWords(count: number | null): string {
  if (count === null) {
    return '—';
  }
  if (count < 1e6) {
    return `${Math.max(1, Math.round(count / 1e3))} k`;
  }
  return `${(count / 1e6).toFixed(count < 1e7 ? 1 : 0)} M`;
}

export function stepsWords(steps: number | null): string {
  return steps === null ? '—' : inThousands(steps);
}

/** `+0.012 (95 % CI −0.003…+0.027)`. */
export function differenceWords({ difference }: BenchPair): string {
  if (difference === null) {
    return '—';
  }
  const [mean, low, high] = [difference.mean, difference.low, difference.high].map(plus);
  return `${mean} (95 % CI ${low}…${high})`;
}

export function pWords(p: number | null): string {
  return p === null ? '—' : p < 0.001 ? '< 0.001' : p.toFixed(3);
}

function plus(value: number): string {
  const text = signed(value, 3);
  return /^−?0\.000$/.test(text) ? '0.000' : value > 0 ? `+${text}` : text;
}

export function counted(count: number, noun: string): string {
  return `${count} ${noun}${count === 1 ? '' : 's'}`;
}
