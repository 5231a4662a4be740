/** Strokes that the server has not acknowledged yet, kept in IndexedDB: a killed tab or a dead network loses none. */

import { type DBSchema, type IDBPDatabase, openDB } from 'idb';
import type { EditEvent } from '../api';

export interface KeptStroke {
  readonly assignment: number;
  /** Place in the order of drawing within the assignment. */
  readonly order: number;
  readonly user: string;
  /** Slice blocks as `encodeEdits` writes them, not yet compressed. */
  readonly edits: Uint8Array;
  /** One for each structure that gained or lost. */
  readonly events: readonly EditEvent[];
  /** More of the stroke before it, which was too long for one body. */
  readonly goesOn: boolean;
}

/** What earlier versions kept: one event. */
type StoredStroke = Omit<KeptStroke, 'events' | 'goesOn'> & {
  readonly events?: readonly EditEvent[];
  readonly event?: EditEvent;
  readonly goesOn?: boolean;
};

/** The strokes up to `last` that went out under one key; the key stays the same for every retry. */
export interface Batch {
  readonly assignment: number;
  readonly key: string;
  readonly baseRevision: number;
  readonly last: number;
}

/** The mask went on without the kept strokes: they go to a branch. */
export interface Divergence {
  /** The branch's mask; null before the server has made it. */
  readonly branch: string | null;
  /** Strokes that the branch has. */
  readonly strokes: number;
  /** Why, in the server's words. */
  readonly detail: string;
}

export interface Base {
  readonly assignment: number;
  /** The last acknowledged revision: what the kept strokes were drawn on. */
  readonly revision: number;
  readonly divergence?: Divergence | null;
}

export interface Kept {
  readonly strokes: readonly KeptStroke[];
  readonly batch: Batch | null;
  readonly base: Base | null;
}

export interface Waiting {
  readonly assignment: number;
  readonly strokes: number;
}

interface Tables extends DBSchema {
  strokes: { key: [number, number]; value: StoredStroke };
  batches: { key: number; value: Batch };
  bases: { key: number; value: Base };
}

// "strict" waits for the disk, not only for the operating system: a power cut keeps the stroke too.
const DURABLE = { durability: 'strict' } as const;
const ALL = ['strokes', 'batches', 'bases'] as const;

export class Outbox {
  readonly #db: IDBPDatabase<Tables>;

  private constructor(db: IDBPDatabase<Tables>) {
    this.#db = db;
  }

  static async open(name = 'delineate'): Promise<Outbox> {
    const db = await openDB<Tables>(name, 1, {
      upgrade(fresh) {
        fresh.createObjectStore('strokes', { keyPath: ['assignment', 'order'] });
        fresh.createObjectStore('batches', { keyPath: 'assignment' });
        fresh.createObjectStore('bases', { keyPath: 'assignment' });
      },
    });
    return new Outbox(db);
  }

  async kept(assignment: number): Promise<Kept> {
    const work = this.#db.transaction(ALL);
    const [strokes, batch, base] = await Promise.all([
      work.objectStore('strokes').getAll(strokesOf(assignment)),
      work.objectStore('batches').get(assignment),
      work.objectStore('bases').get(assignment),
    ]);
    await work.done;
    return { strokes: strokes.map(present), batch: batch ?? null, base: base ?? null };
  }

  async put(stroke: KeptStroke, base: Base): Promise<void> {
    const work = this.#db.transaction(['strokes', 'bases'], 'readwrite', DURABLE);
    await Promise.all([
      work.objectStore('strokes').put(stroke),
      work.objectStore('bases').put(base),
      work.done,
    ]);
  }

  async remove(assignment: number, order: number): Promise<void> {
    const work = this.#db.transaction('strokes', 'readwrite', DURABLE);
    await Promise.all([work.store.delete([assignment, order]), work.done]);
  }

  async putBatch(batch: Batch): Promise<void> {
    const work = this.#db.transaction('batches', 'readwrite', DURABLE);
    await Promise.all([work.store.put(batch), work.done]);
  }

  /** The server has committed the batch, so that its strokes leave the outbox; `base` is what the others lie on. */
  async acknowledge(batch: Batch, base: Base): Promise<void> {
    const { assignment } = batch;
    const work = this.#db.transaction(ALL, 'readwrite', DURABLE);
    await Promise.all([
      work.objectStore('strokes').delete(strokesOf(assignment, batch.last)),
      work.objectStore('batches').delete(assignment),
      work.objectStore('bases').put(base),
      work.done,
    ]);
  }

  /** The kept strokes shall go elsewhere, under a new key. */
  async redirect(base: Base): Promise<void> {
    const work = this.#db.transaction(['batches', 'bases'], 'readwrite', DURABLE);
    await Promise.all([
      work.objectStore('batches').delete(base.assignment),
      work.objectStore('bases').put(base),
      work.done,
    ]);
  }

  async discard(assignment: number): Promise<void> {
    const work = this.#db.transaction(ALL, 'readwrite', DURABLE);
    await Promise.all([
      work.objectStore('strokes').delete(strokesOf(assignment)),
      work.objectStore('batches').delete(assignment),
      work.objectStore('bases').delete(assignment),
      work.done,
    ]);
  }

  /** Assignments of this user with strokes still on this computer. */
  async waiting(user: string): Promise<readonly Waiting[]> {
    const counts = new Map<number, number>();
    for (const stroke of await this.#db.getAll('strokes')) {
      if (stroke.user === user && stroke.goesOn !== true) {
        counts.set(stroke.assignment, (counts.get(stroke.assignment) ?? 0) + 1);
      }
    }
    return [...counts].map(([assignment, strokes]) => ({ assignment, strokes }));
  }

  close(): void {
    this.#db.close();
  }
}

function present({ events, event, goesOn, ...rest }: StoredStroke): KeptStroke {
  return { ...rest, events: events ?? (event === undefined ? [] : [event]), goesOn: goesOn ?? false };
}

function strokesOf(assignment: number, last = Number.POSITIVE_INFINITY): IDBKeyRange {
  return IDBKeyRange.bound([assignment, 0], [assignment, last]);
}
