/** Keeps the stroke that is being drawn, twice a second: a tab that dies in the middle of a long one loses little. */

import type { EditEngine } from '../voxels';
import type { SaveQueue } from './saveQueue';

const EVERY_MS = 500;

type DraftEngine = Pick<EditEngine, 'draft' | 'isDrawing' | 'version'>;

export class DraftKeeper {
  readonly #engine: DraftEngine;
  readonly #queue: Pick<SaveQueue, 'keepDraft' | 'dropDraft'>;
  #timer: ReturnType<typeof setInterval> | null = null;
  #keptVersion = -1;

  constructor(engine: DraftEngine, queue: Pick<SaveQueue, 'keepDraft' | 'dropDraft'>) {
    this.#engine = engine;
    this.#queue = queue;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.#look(), EVERY_MS);
  }

  stop(): void {
    if (this.#timer !== null) {
      clearInterval(this.#timer);
      this.#timer = null;
    }
  }

  #look(): void {
    const { isDrawing, version } = this.#engine;
    if (!isDrawing) {
      // A finished stroke has taken the draft's place in the queue; a cancelled one has not.
      this.#queue.dropDraft();
    } else if (version !== this.#keptVersion) {
      this.#keptVersion = version;
      const record = this.#engine.draft();
      if (record !== null) {
        this.#queue.keepDraft(record);
      }
    }
  }
}
