/** The plan while it is being written, and what a change of it means for readers. */

import type { PlanFigures } from '../../../api';
import { percent } from './words';

export type Field = Exclude<keyof PlanFigures, 'seed'>;
/** A field that was emptied is '' until something stands in it. */
export type Given = Readonly<Partial<Record<Field, number | ''>>>;

/** What stands in the form; null while a field is empty. */
export function draftOf(base: PlanFigures, given: Given): PlanFigures | null {
  const draft = { ...base, ...given };
  return Object.values(draft).every((value) => value !== '') ? (draft as PlanFigures) : null;
}

export function isSame(one: PlanFigures, other: PlanFigures): boolean {
  return (Object.keys(one) as (keyof PlanFigures)[]).every((key) => Math.abs(one[key] - other[key]) < 1e-9);
}

type Line = (after: PlanFigures, before: PlanFigures) => string;

const was = (value: string): string => ` (until now ${value})`;

const LINES: Readonly<Record<Field, Line>> = {
  calibration_cases: (after, before) =>
    `Every reader reads ${after.calibration_cases} calibration cases before anything else${was(String(before.calibration_cases))}: those of the list below, which you choose.`,
  scratch_share: (after) =>
    `Of calibration cases drawn by lot from now on, ${percent(after.scratch_share)} begin from nothing; those that are chosen begin as they did.`,
  double_share: (after, before) =>
    `${percent(after.double_share)} of reads get a second reader${was(percent(before.double_share))}.`,
  repeat_share: (after, before) =>
    `${percent(after.repeat_share)} of a reader’s next reads are repeats${was(percent(before.repeat_share))}.`,
  washout_days: (after, before) =>
    `A case is repeated after ${after.washout_days} days at the earliest${was(String(before.washout_days))}.`,
  gold_share: (after, before) =>
    `${percent(after.gold_share)} of a reader’s next reads are gold cases${was(percent(before.gold_share))}.`,
  review_share_first: (after, before) =>
    `Of a new reader’s reads ${percent(after.review_share_first)} are reviewed${was(percent(before.review_share_first))}.`,
  review_share_least: (after, before) =>
    `Of the reads of somebody who is always right ${percent(after.review_share_least)} are reviewed${was(percent(before.review_share_least))}.`,
  review_window: (after, before) =>
    `That share follows from a reader’s last ${after.review_window} reviews${was(String(before.review_window))}.`,
};

/** One sentence for each figure that is not as it was. */
export function changes(before: PlanFigures, after: PlanFigures): readonly string[] {
  return (Object.keys(LINES) as Field[])
    .filter((field) => Math.abs(after[field] - before[field]) > 1e-9)
    .map((field) => LINES[field](after, before));
}
