/** Runs one operation at a time, away from the page. */
import { type Answer, answerJob, type Job } from './job';

/** The part of a worker's global scope that is used; the page's types do not have it. */
interface WorkerScope {
  onmessage: ((event: MessageEvent<Job>) => void) | null;
  postMessage(answer: Answer, transfer: Transferable[]): void;
}

const scope = globalThis as unknown as WorkerScope;

scope.onmessage = ({ data }) => {
  answerJob(data, (answer) => scope.postMessage(answer, buffersOf(answer)));
};

/** The voxels of an outcome are handed over, not copied. */
function buffersOf(answer: Answer): ArrayBuffer[] {
  if (answer.kind !== 'done') return [];
  return answer.outcome.changes.map(({ values }) => values.buffer as ArrayBuffer);
}
