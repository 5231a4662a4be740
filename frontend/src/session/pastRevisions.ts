/** Undo beyond what was drawn since the case was opened: the reader's earlier revisions, one at a time. */

import { fetchDifference } from '../api';
import { decodeEdits, type EditEngine, type StrokeRecord } from '../voxels';

/** Gives the edits, as `encodeEdits` writes them, that turn one revision of a mask into another. */
export type Difference = (mask: string, from: number, to: number) => Promise<ArrayBuffer>;

type PastEngine = Pick<EditEngine, 'canUndo' | 'isDrawing' | 'reachesStart' | 'undoPast' | 'version'>;

export interface PastOptions {
  readonly engine: PastEngine;
  /** The reader's own mask. */
  readonly mask: string;
  /** The revision that the mask was when it was opened, see `SaveQueue.openedAt`; null while it is not known. */
  readonly openedAt: () => number | null;
  readonly difference?: Difference;
  /** Told which revision a step was, before it is known to be undone. */
  readonly onFound?: (step: object, revision: number) => void;
}

/**
 * When the engine has nothing left to undo, its mask is what it was at a known revision. The difference to the one
 * before it comes from the server and is undone in the engine, which can redo it as any other step.
 */
export class PastRevisions {
  readonly #options: PastOptions;
  readonly #difference: Difference;
  #at: number | null = null;
  #isBusy = false;

  constructor(options: PastOptions) {
    this.#options = options;
    this.#difference = options.difference ?? fetchDifference;
  }

  /** Whether there is an earlier revision to go back to, once the engine has nothing left to undo. */
  get canUndo(): boolean {
    return this.#options.engine.reachesStart && (this.#revision ?? 0) > 0;
  }

  /**
   * Null where nothing was undone: no revision is left, one is being fetched already, or the mask was changed while it
   * was. Rejects with the API's errors.
   */
  async undo(): Promise<StrokeRecord | null> {
    const { engine } = this.#options;
    if (this.#isBusy || engine.canUndo || engine.isDrawing || !this.canUndo) {
      return null;
    }
    this.#isBusy = true;
    try {
      return await this.#undoOne();
    } finally {
      this.#isBusy = false;
    }
  }

  get #revision(): number | null {
    return this.#at ?? this.#options.openedAt();
  }

  /** A revision that changed no voxel, such as a submit, is passed over. */
  async #undoOne(): Promise<StrokeRecord | null> {
    const { engine, mask } = this.#options;
    const { version } = engine;
    for (let from = this.#revision ?? 0; from > 0; from--) {
      const body = await this.#difference(mask, from, from - 1);
      if (engine.version !== version || engine.isDrawing) {
        return null;
      }
      const record = engine.undoPast(decodeEdits(new Uint8Array(body)));
      this.#at = from - 1;
      if (record !== null) {
        this.#options.onFound?.(record.step, from);
        return record;
      }
    }
    return null;
  }
}
