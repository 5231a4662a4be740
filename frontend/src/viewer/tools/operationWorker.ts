/** The worker as a promise: one job at a time; to stop a job is to end the worker. */

import type { Answer, Job } from './job';
import type { Outcome } from './proposal';

/** What of a Worker is used. */
export interface WorkerPort {
  onmessage: ((event: MessageEvent<Answer>) => void) | null;
  onerror: ((event: ErrorEvent) => void) | null;
  postMessage(job: Job, transfer: Transferable[]): void;
  terminate(): void;
}

const NO_WORKER = 'The operation could not be started; reload the page.';

function startWorker(): WorkerPort {
  return new Worker(new URL('./worker.ts', import.meta.url), { type: 'module' });
}

export class OperationWorker {
  private readonly start: () => WorkerPort;
  private worker: WorkerPort | null = null;
  private stopJob: (() => void) | null = null;
  private nextId = 1;

  constructor(start: () => WorkerPort = startWorker) {
    this.start = start;
  }

  /** Hands the region's voxels over: they are gone here afterwards. Rejects with a sentence for the reader. */
  run(job: Omit<Job, 'id'>, onShare: (share: number) => void): Promise<Outcome> {
    this.stop();
    this.worker ??= this.start();
    const { worker } = this;
    const id = this.nextId++;
    const { labels, hu } = job.region;
    const buffers = [...labels, ...(hu === null ? [] : [hu])].map((voxels) => voxels.buffer as ArrayBuffer);
    return new Promise<Outcome>((resolve, reject) => {
      const end = (): void => {
        this.stopJob = null;
        worker.onmessage = null;
        worker.onerror = null;
      };
      this.stopJob = () => {
        end();
        reject(new DOMException('The operation was stopped.', 'AbortError'));
      };
      worker.onerror = () => {
        end();
        this.forget();
        reject(new Error(NO_WORKER));
      };
      worker.onmessage = ({ data }) => {
        if (data.id !== id) return;
        if (data.kind === 'progress') {
          onShare(data.share);
          return;
        }
        end();
        if (data.kind === 'done') resolve(data.outcome);
        else reject(new Error(data.sentence));
      };
      worker.postMessage({ ...job, id }, buffers);
    });
  }

  /** Ends the job at work; the next one starts a new worker. */
  stop(): void {
    const { stopJob } = this;
    if (stopJob === null) return;
    stopJob();
    this.forget();
  }

  destroy(): void {
    this.stop();
    this.forget();
  }

  private forget(): void {
    this.worker?.terminate();
    this.worker = null;
  }
}
