/** The policy while it is being changed. */

import type { LearningPolicy } from '../../../../api';

/** A number that was emptied is '' until something stands in it. */
export type Draft = {
  readonly [Field in keyof LearningPolicy]?: LearningPolicy[Field] | '';
};

/** Numbers that may be left out: that trigger never fires, that length follows the time. */
const OPTIONAL: ReadonlySet<keyof LearningPolicy> = new Set(['every_hours', 'forecast_gain', 'fixed_steps']);

/** What would be sent: fields that differ from what is kept; null while one that is needed is empty. */
export function changesOf(kept: LearningPolicy, draft: Draft): Partial<LearningPolicy> | null {
  const changes: Record<string, unknown> = {};
  for (const field of Object.keys(draft) as (keyof LearningPolicy)[]) {
    const given = draft[field];
    if (given === '' && !OPTIONAL.has(field)) {
      return null;
    }
    const value = given === '' ? null : given;
    if (value !== kept[field]) {
      changes[field] = value;
    }
  }
  return changes as Partial<LearningPolicy>;
}
