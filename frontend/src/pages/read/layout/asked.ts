/** What is asked for of a scan, where it is less than all of it. */
import type { Assignment } from '../../../api';
import { type Box, boxBetween, type Triple } from '../../../voxels';

export interface AskedRegion {
  readonly start: readonly number[];
  readonly stop: readonly number[];
}

/** Null: the whole scan. */
export function askedBox({ region }: Pick<Assignment, 'region'>): Box | null {
  if (region === null) {
    return null;
  }
  const [i, j, k] = region.start as [number, number, number];
  const [endI, endJ, endK] = region.stop as [number, number, number];
  return boxBetween([i, j, k], [endI - 1, endJ - 1, endK - 1]);
}

const AXES = ['i', 'j', 'slices'] as const;

/** `slices 40–55`, as the planes count; axes of which all is asked for are left out where the scan is known. */
export function askedWords({ start, stop }: AskedRegion, shape: Triple): string {
  return AXES.flatMap((axis, n) => {
    const [low, end] = [start[n] as number, stop[n] as number];
    return low === 0 && end === shape[n] ? [] : [`${axis} ${low}–${end - 1}`];
  }).join(', ');
}
