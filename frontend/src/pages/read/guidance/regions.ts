/** The suspicious regions of a prediction, in the order in which the reader walks them. */

import type { Ijk, Triple } from '../../../voxels';
import { millilitres } from '../../words';

export interface SuspiciousRegion {
  readonly centre_ijk: Triple;
  readonly low: Triple;
  readonly high: Triple;
  readonly layer: number;
  /** Key of the structure, null where the model is unsure outside of every structure. */
  readonly structure: string | null;
  readonly volume_ml: number;
  /** 0 to 1. */
  readonly uncertainty: number;
  readonly reason: string;
}

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

/** `12.4 mL, 78 % unsure`. */
export function sizeWords({ volume_ml, uncertainty }: SuspiciousRegion): string {
  return `${millilitres(volume_ml)}, ${Math.round(uncertainty * 100)} % unsure`;
}

/** The centre as a voxel; the server may give the mean of a region, which lies between voxels. */
export function centreOf({ centre_ijk }: SuspiciousRegion): Ijk {
  return centre_ijk.map(Math.round) as unknown as Ijk;
}
