/** What is typed as a spacing, and what is wrong with it. */

import type { Spacing } from '../../../api';

export const WIDEST_MM = 20;

export type SpacingDraft = readonly [string, string, string];

export const NO_SPACING: SpacingDraft = ['', '', ''];

/** The spacing that was typed; null where it is not complete or no voxel has it. */
export function spacingOf(draft: SpacingDraft): Spacing | null {
  const [i, j, k] = draft.map((typed) =>
    typed.trim() === '' ? Number.NaN : Number(typed.replace(',', '.')),
  );
  if (i === undefined || j === undefined || k === undefined) {
    return null;
  }
  return [i, j, k].every((mm) => mm > 0 && mm < WIDEST_MM) ? [i, j, k] : null;
}

/** Nothing while somebody still types. */
export function spacingProblem(draft: SpacingDraft): string | null {
  const isComplete = draft.every((typed) => typed.trim() !== '');
  return isComplete && spacingOf(draft) === null
    ? `Each number has to be above 0 and below ${WIDEST_MM} mm.`
    : null;
}
