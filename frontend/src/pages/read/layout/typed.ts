/** Figures that are typed: what they mean, and a sentence where they mean nothing. Pure. */
import type { VoiWindow } from '../../../viewer';
import type { Plane } from '../../../voxels';

export const WIDEST_HU = 65535;
const LEAST_HU = -32768;
const MOST_HU = 32767;

/** With a comma for a point and any kind of minus; null where it is no number. */
export function figureIn(typed: string): number | null {
  const plain = typed.trim().replace(',', '.').replace(/^[−–]/, '-');
  return /^[-+]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null;
}

export type Taken<T> = { readonly value: T } | { readonly problem: string };

export function windowIn(width: string, level: string): Taken<VoiWindow> {
  const [w, l] = [figureIn(width), figureIn(level)];
  if (w === null || w < 1 || w > WIDEST_HU)
    return { problem: `The width is a number from 1 to ${WIDEST_HU}.` };
  if (l === null || l < LEAST_HU || l > MOST_HU) {
    return { problem: `The centre is a number from −${-LEAST_HU} to ${MOST_HU}.` };
  }
  return { value: { width: w, level: l } };
}

export function sliceIn(typed: string, plane: Plane, slices: number): Taken<number> {
  const slice = figureIn(typed);
  if (slice === null || !Number.isInteger(slice)) {
    return { problem: `A slice is a whole number: ${plane} 0 to ${slices - 1}.` };
  }
  if (slice < 0 || slice >= slices) {
    return { problem: `There is no ${plane} slice ${typed.trim()}: this scan has 0 to ${slices - 1}.` };
  }
  return { value: slice };
}
