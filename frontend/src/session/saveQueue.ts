/** Sends strokes to the server: first in first out, one request in flight, none forgotten before it is acknowledged. */

import { ApiError, type EditEvent, NetworkError, type SavedRevision, saveRevision } from '../api';
import { decodeEdits, encodeEdits, mergeEdits, type SliceRuns } from '../voxels';
import { gzip } from './gzip';
import { newKey } from './newKey';
import type { Batch, KeptStroke, Outbox } from './outbox';

const FLUSH_AFTER_MS = 600;
const RETRY_AFTER_MS = 1_000;
const RETRY_AT_MOST_MS = 30_000;
// Hours of work without a network go out in bodies that the server accepts.
const STROKES_PER_BATCH = 100;
const BYTES_PER_BATCH = 4_000_000;

export type SaveState =
  | { readonly kind: 'saved' }
  | { readonly kind: 'saving'; readonly strokes: number }
  | { readonly kind: 'offline'; readonly strokes: number; readonly detail: string }
  | { readonly kind: 'conflict'; readonly strokes: number; readonly detail: string }
  | { readonly kind: 'signedOut'; readonly strokes: number; readonly detail: string }
  | { readonly kind: 'refused'; readonly strokes: number; readonly detail: string };

export interface DrawnStroke {
  readonly delta: readonly SliceRuns[];
  readonly event: EditEvent;
}

export interface SaveQueueOptions {
  readonly assignment: number;
  readonly user: string;
  /** The newest revision of the mask that the server told us. */
  readonly head: number;
  readonly outbox: Outbox;
  readonly flushAfterMs?: number;
  readonly retryAfterMs?: number;
}

type Trouble = Exclude<SaveState['kind'], 'saved' | 'saving'>;

export class SaveQueue {
  /** Edits of an earlier life of this tab, in the order of drawing: to be applied to the mask that was fetched. */
  readonly restored: readonly SliceRuns[];

  readonly #options: SaveQueueOptions;
  readonly #watchers = new Set<() => void>();
  readonly #savedWatchers = new Set<(saved: SavedRevision) => void>();
  #strokes: KeptStroke[];
  #batch: Batch | null;
  #head: number;
  #session: number | null = null;
  #nextOrder: number;
  #state: SaveState = { kind: 'saved' };
  #trouble: { kind: Trouble; detail: string } | null = null;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #attempts = 0;
  #inFlight: Promise<void> | null = null;
  #durable = true;
  #closed = false;

  private constructor(
    options: SaveQueueOptions,
    strokes: readonly KeptStroke[],
    batch: Batch | null,
    head: number,
  ) {
    this.#options = options;
    this.#strokes = [...strokes];
    this.#batch = batch;
    this.#head = head;
    this.#nextOrder = (strokes.at(-1)?.order ?? 0) + 1;
    this.restored = strokes.flatMap((stroke) => decodeEdits(stroke.edits));
    globalThis.addEventListener?.('online', this.#goOnline);
    this.#publish();
  }

  /** Reads what an earlier life of this tab kept. Nothing is sent before `start`. */
  static async open(options: SaveQueueOptions): Promise<SaveQueue> {
    const { strokes, batch, base } = await options.outbox.kept(options.assignment);
    const head = strokes.length > 0 ? (base ?? options.head) : options.head;
    return new SaveQueue(options, strokes, strokes.length > 0 ? batch : null, head);
  }

  get state(): SaveState {
    return this.#state;
  }

  /** The last acknowledged revision. */
  get head(): number {
    return this.#head;
  }

  /** False once the browser has refused to keep a stroke on this computer (private mode, full disk). */
  get durable(): boolean {
    return this.#durable;
  }

  subscribe(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  onSaved(watcher: (saved: SavedRevision) => void): () => void {
    this.#savedWatchers.add(watcher);
    return () => this.#savedWatchers.delete(watcher);
  }

  /** From here on strokes are sent, those of an earlier life first. */
  start(session: number | null): void {
    this.#session = session;
    this.#schedule(0);
  }

  /** Keeps the stroke now (called at mouse-up) and sends it within a second. */
  push(stroke: DrawnStroke): void {
    const { assignment, user, outbox } = this.#options;
    const kept = {
      assignment,
      order: this.#nextOrder,
      user,
      edits: encodeEdits(stroke.delta),
      event: stroke.event,
    };
    this.#nextOrder += 1;
    this.#strokes.push(kept);
    outbox.put(kept, this.#head).catch(() => this.#loseDurability());
    this.#publish();
    if (this.#trouble === null) {
      this.#schedule(this.#options.flushAfterMs ?? FLUSH_AFTER_MS);
    }
  }

  /** Sends everything now and tells how it ended. */
  async flush(): Promise<SaveState> {
    await this.#inFlight;
    while (this.#strokes.length > 0 && !this.#isBlocked() && !this.#closed) {
      await this.#sendOne();
      if (this.#trouble !== null) {
        break;
      }
    }
    return this.#state;
  }

  /** After signing in again, or when somebody presses "Try again". */
  async retry(): Promise<SaveState> {
    await this.#inFlight;
    this.#trouble = null;
    this.#attempts = 0;
    this.#publish();
    return this.flush();
  }

  /** Answers a conflict: the kept strokes go on top of `revision`, the newest of the server. */
  async rebase(revision: number): Promise<SaveState> {
    await this.#options.outbox.rebase(this.#options.assignment, revision);
    this.#batch = null;
    this.#head = revision;
    return this.retry();
  }

  /** Throws the kept strokes away; only ever on the reader's own word. */
  async discard(): Promise<void> {
    await this.#options.outbox.discard(this.#options.assignment);
    this.#strokes = [];
    this.#batch = null;
    this.#trouble = null;
    this.#publish();
  }

  /** Stops sending. What is not acknowledged stays in the outbox. */
  close(): void {
    this.#closed = true;
    this.#cancelTimer();
    globalThis.removeEventListener?.('online', this.#goOnline);
    this.#watchers.clear();
    this.#savedWatchers.clear();
  }

  #schedule(delay: number): void {
    if (this.#timer !== null || this.#closed || this.#strokes.length === 0) {
      return;
    }
    this.#timer = setTimeout(() => {
      this.#timer = null;
      void this.flush();
    }, delay);
  }

  #cancelTimer(): void {
    if (this.#timer !== null) {
      clearTimeout(this.#timer);
      this.#timer = null;
    }
  }

  #sendOne(): Promise<void> {
    this.#inFlight ??= this.#send().finally(() => {
      this.#inFlight = null;
    });
    return this.#inFlight;
  }

  async #send(): Promise<void> {
    const batch = this.#batch ?? (await this.#openBatch());
    const strokes = this.#strokes.filter((stroke) => stroke.order <= batch.last);
    const meta = {
      base_revision: batch.baseRevision,
      key: batch.key,
      session: this.#session,
      events: strokes.map((stroke) => stroke.event),
    };
    try {
      const body = await gzip(encodeEdits(mergeEdits(strokes.map((stroke) => decodeEdits(stroke.edits)))));
      const saved = await saveRevision(this.#options.assignment, meta, body);
      await this.#acknowledge(batch, saved);
    } catch (error) {
      this.#fail(error);
    }
  }

  async #openBatch(): Promise<Batch> {
    const { assignment, outbox } = this.#options;
    const batch = { assignment, key: newKey(), baseRevision: this.#head, last: lastOfBatch(this.#strokes) };
    this.#batch = batch;
    // Before the first byte leaves: a tab that dies after sending repeats the same key, and nothing is applied twice.
    await outbox.putBatch(batch).catch(() => this.#loseDurability());
    return batch;
  }

  async #acknowledge(batch: Batch, saved: SavedRevision): Promise<void> {
    this.#strokes = this.#strokes.filter((stroke) => stroke.order > batch.last);
    this.#batch = null;
    this.#head = saved.revision;
    this.#trouble = null;
    this.#attempts = 0;
    await this.#options.outbox.acknowledge(batch, saved.revision).catch(() => this.#loseDurability());
    this.#publish();
    for (const watcher of this.#savedWatchers) {
      watcher(saved);
    }
  }

  #fail(error: unknown): void {
    this.#trouble = {
      kind: troubleOf(error),
      detail: error instanceof Error ? error.message : String(error),
    };
    if (this.#trouble.kind === 'offline') {
      const first = this.#options.retryAfterMs ?? RETRY_AFTER_MS;
      this.#cancelTimer();
      this.#schedule(Math.min(RETRY_AT_MOST_MS, first * 2 ** this.#attempts));
      this.#attempts += 1;
    }
    this.#publish();
  }

  /** Waiting for a network is no reason to stop trying; the other troubles need a person. */
  #isBlocked(): boolean {
    return this.#trouble !== null && this.#trouble.kind !== 'offline';
  }

  readonly #goOnline = (): void => {
    if (this.#trouble?.kind === 'offline') {
      this.#cancelTimer();
      this.#schedule(0);
    }
  };

  #loseDurability(): void {
    this.#durable = false;
    this.#publish();
  }

  #publish(): void {
    this.#state = this.#describe();
    for (const watcher of this.#watchers) {
      watcher();
    }
  }

  #describe(): SaveState {
    const strokes = this.#strokes.length;
    if (strokes === 0) {
      return { kind: 'saved' };
    }
    return this.#trouble === null ? { kind: 'saving', strokes } : { ...this.#trouble, strokes };
  }
}

function lastOfBatch(strokes: readonly KeptStroke[]): number {
  let bytes = 0;
  let last = strokes[0]?.order ?? 0;
  for (const stroke of strokes.slice(0, STROKES_PER_BATCH)) {
    bytes += stroke.edits.length;
    if (bytes > BYTES_PER_BATCH) {
      break;
    }
    last = stroke.order;
  }
  return last;
}

function troubleOf(error: unknown): Trouble {
  if (error instanceof NetworkError) {
    return 'offline';
  }
  if (!(error instanceof ApiError)) {
    return 'refused';
  }
  if (error.status >= 500 || error.status === 408 || error.status === 429) {
    return 'offline';
  }
  if (error.status === 401 || error.status === 403) {
    return 'signedOut';
  }
  return error.status === 409 ? 'conflict' : 'refused';
}
