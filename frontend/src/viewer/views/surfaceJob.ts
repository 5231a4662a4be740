/** What the page and the worker that makes surfaces send each other. */
import type { Box, Surface, Triple } from '../../voxels';

export interface SurfaceJob {
  readonly id: number;
  /** Labels of the box, i fastest. */
  readonly labels: Uint8Array;
  readonly box: Box;
  readonly value: number;
  readonly spacing_mm: Triple;
}

export interface SurfaceAnswer {
  readonly id: number;
  readonly surface: Surface;
}

/** The worker, started with the first job and ended with the view. */
export class SurfaceMaker {
  private worker: Worker | null = null;
  private lastId = 0;
  private waiting: { id: number; settle: (surface: Surface | null) => void } | null = null;

  /** One job at a time. Null where the worker was stopped meanwhile. */
  make(job: Omit<SurfaceJob, 'id'>): Promise<Surface | null> {
    this.worker ??= this.start();
    const id = ++this.lastId;
    const made = new Promise<Surface | null>((settle) => {
      this.waiting = { id, settle };
    });
    this.worker.postMessage({ ...job, id } satisfies SurfaceJob, [job.labels.buffer as ArrayBuffer]);
    return made;
  }

  stop(): void {
    this.worker?.terminate();
    this.worker = null;
    this.waiting?.settle(null);
    this.waiting = null;
  }

  private start(): Worker {
    const worker = new Worker(new URL('./surfaceWorker.ts', import.meta.url), { type: 'module' });
    worker.onmessage = ({ data }: MessageEvent<SurfaceAnswer>) => {
      if (this.waiting?.id === data.id) this.waiting.settle(data.surface);
    };
    // A surface that cannot be made is left out; the next edit of its structure tries again.
    worker.onerror = () => this.waiting?.settle(null);
    return worker;
  }
}
