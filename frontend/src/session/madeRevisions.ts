/** Undo in a few bytes: it names the revision that a stroke became, and the server knows what was there before. */

import { ApiError, type RevisionMeta, type SavedRevision, saveRevision, undoRevision } from '../api';
import { bodyOf } from './batches';
import type { KeptStroke } from './outbox';

/** What a stroke of the queue did as a whole. */
export interface Change {
  /** The same for what was drawn, its undo and its redo. */
  readonly step: object;
  readonly isUndo: boolean;
}

interface Changes {
  changeOf(order: number): Change | null;
}

/** Which revision is exactly one step: what it changed lies between that revision and the one before. */
export class MadeRevisions {
  readonly #made = new WeakMap<object, number>();

  set(step: object, revision: number): void {
    this.#made.set(step, revision);
  }

  /** The revision that these strokes take back; null where voxels have to be sent. */
  undoneBy(strokes: readonly KeptStroke[], changes: Changes): number | null {
    const [only] = strokes;
    const change = strokes.length === 1 && only !== undefined ? changes.changeOf(only.order) : null;
    return change?.isUndo ? (this.#made.get(change.step) ?? null) : null;
  }

  /** These strokes became this revision, together. */
  note(strokes: readonly KeptStroke[], changes: Changes, revision: number): void {
    for (const { order } of strokes) {
      const change = changes.changeOf(order);
      if (change === null) continue;
      this.#made.delete(change.step);
      if (strokes.length === 1 && !change.isUndo) this.#made.set(change.step, revision);
    }
  }
}

export interface Saving {
  readonly assignment: number;
  readonly meta: RevisionMeta;
  readonly strokes: readonly KeptStroke[];
  readonly columns: number | null;
  /** The revision that the strokes take back, if they do. */
  readonly undone: number | null;
}

export async function save({ assignment, meta, strokes, columns, undone }: Saving): Promise<SavedRevision> {
  if (undone !== null) {
    try {
      return await undoRevision(assignment, undone, meta);
    } catch (error) {
      // Nothing was stored under the key; the voxels say the same without the server's help.
      if (!(error instanceof ApiError) || error.status !== 400) throw error;
    }
  }
  return saveRevision(assignment, meta, await bodyOf(strokes, columns));
}
