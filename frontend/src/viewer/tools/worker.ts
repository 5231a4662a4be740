/** Runs one operation at a time, away from the page. */
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

/** The part of a worker's global scope that is used; the page's types do not have it. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(answer: Answer, transfer?: Transferable[]): void;
}

const PROGRESS_MS = 80;
const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  try {
    const outcome = run(data);
    scope.postMessage(
      { id: data.id, kind: 'done', outcome },
      outcome.changes.map(({ values }) => values.buffer as ArrayBuffer),
    );
  } catch (error) {
    scope.postMessage({ id: data.id, kind: 'failed', sentence: sentenceOf(error) });
  }
};

function run({ id, name, params, region, rules }: Job): Outcome {
  // Name and parameters belong together: the page's types see to it.
  const operation = OPERATIONS[name] as unknown as Operation<unknown>;
  let told = performance.now();
  const report = (share: number): void => {
    const now = performance.now();
    if (now - told < PROGRESS_MS) return;
    told = now;
    scope.postMessage({ id, kind: 'progress', share });
  };
  return outcomeOf(region, operation.run(region, params, { report }), rules);
}

function sentenceOf(error: unknown): string {
  if (error instanceof OperationRefused) return error.message;
  if (error instanceof RangeError)
    return 'There is not enough memory for this; take a smaller part of the scan.';
  return `The operation failed (${error instanceof Error ? error.message : String(error)}); nothing was changed.`;
}
