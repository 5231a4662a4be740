/** The suspicious regions of a prediction, in the order in which the reader walks them. */

import type { SuspiciousRegion } from '../../../api';
import { type Ijk, ijk } from '../../../voxels';
import { millilitres } from '../../words';

/** Index into the ranked list; -1: nowhere yet. */
export const NOWHERE = -1;

/**
 * Where a step leads: forward to the next region that is not done, round the end; back to the one before.
 * When all are done the walk goes on through the done ones.
 */
export function nextRegion(count: number, done: ReadonlySet<number>, current: number, by: 1 | -1): number {
  if (count === 0) {
    return NOWHERE;
  }
  const from = current === NOWHERE && by < 0 ? count : current;
  if (by < 0) {
    return (from - 1 + count) % count;
  }
  for (let step = 1; step <= count; step++) {
    const at = (from + step + count) % count;
    if (!done.has(at) && at !== current) {
      return at;
    }
  }
  return (from + 1) % count;
}

/** `Next suspicious (N): 3 of 11`. */
export function walkWords(count: number, current: number): string {
  if (count === 0) {
    return 'No suspicious regions';
  }
  return `Next suspicious (N): ${current === NOWHERE ? '–' : current + 1} of ${count}`;
}

/** `12.4 mL · 78 % unsure`; what was not measured, or stands in the reason already, is left out. */
export function sizeWords({ volume_ml, uncertainty, reason }: SuspiciousRegion): string {
  const isSaid = volume_ml <= 0 || reason.includes(' mL');
  const parts = [isSaid ? null : millilitres(volume_ml), unsureWords(uncertainty)];
  return parts.filter((part) => part !== null).join(' · ');
}

function unsureWords(uncertainty: number | null): string | null {
  return uncertainty === null ? null : `${Math.round(uncertainty * 100)} % unsure`;
}

/** The server's reason as a sentence. */
export function reasonSentence({ reason }: SuspiciousRegion): string {
  const words = reason.trim();
  const full = /[.!?]$/.test(words) ? words : `${words}.`;
  return words === '' ? '' : full.charAt(0).toUpperCase() + full.slice(1);
}

/** The voxel to go to; null where there is no place (a structure that was not drawn). */
export function centreOf({ centre_ijk: centre }: SuspiciousRegion): Ijk | null {
  return centre === null ? null : ijk(Math.round(centre[0]), Math.round(centre[1]), Math.round(centre[2]));
}
