/** One operation as the worker does it: run, keep to locks and mask, answer. Pure but for the clock. */
import { OPERATIONS, type Operation, type OperationName, OperationRefused, type Region } from '../../voxels';
import { type Outcome, outcomeOf, type Rules } from './proposal';

export interface Job {
  readonly id: number;
  readonly name: OperationName;
  readonly params: unknown;
  readonly region: Region;
  readonly rules: Rules;
}

export type Answer =
  | { readonly id: number; readonly kind: 'progress'; readonly share: number }
  | { readonly id: number; readonly kind: 'done'; readonly outcome: Outcome }
  | { readonly id: number; readonly kind: 'failed'; readonly sentence: string };

const PROGRESS_MS = 80;

export function answerJob(job: Job, post: (answer: Answer) => void): void {
  const { id } = job;
  let told = performance.now();
  const report = (share: number): void => {
    const now = performance.now();
    if (now - told < PROGRESS_MS) return;
    told = now;
    post({ id, kind: 'progress', share });
  };
  try {
    // Name and parameters belong together: the page's types see to it.
    const operation = OPERATIONS[job.name] as unknown as Operation<unknown>;
    const proposal = operation.run(job.region, job.params, { report });
    post({ id, kind: 'done', outcome: outcomeOf(job.region, proposal, job.rules) });
  } catch (error) {
    post({ id, kind: 'failed', sentence: sentenceOf(error) });
  }
}

function sentenceOf(error: unknown): string {
  if (error instanceof OperationRefused) return error.message;
  if (error instanceof RangeError)
    return 'There is not enough memory for this; take a smaller part of the scan.';
  return `The operation failed (${error instanceof Error ? error.message : String(error)}); nothing was changed.`;
}
