/** Sends strokes to the server: first in first out, one request in flight, none forgotten before it is acknowledged. */

import { type Branch, type SavedRevision, saveBranch } from '../api';
import { decodeEdits, type SliceRuns } from '../voxels';
import { bodyOf, lastOfBatch } from './batches';
import { MadeRevisions, save } from './madeRevisions';
import { newKey } from './newKey';
import type { Base, Batch, Divergence, Kept, Outbox } from './outbox';
import { isForbidden, type SaveState, type Trouble, troubleOf } from './saveState';
import { type DrawnStroke, StrokeKeeper } from './strokeKeeper';

const FLUSH_AFTER_MS = 600;
const RETRY_AFTER_MS = 1_000;
const RETRY_AT_MOST_MS = 30_000;
/** A case is opened without knowing whether an earlier save arrived when the server takes longer than this to say. */
const SETTLE_MS = 5_000;

export interface SaveQueueOptions {
  readonly assignment: number;
  readonly user: string;
  /** The newest revision of the mask that the server told us. */
  readonly head: number;
  /** Voxels of a row of the scan; null where it is not known. */
  readonly columns: number | null;
  readonly outbox: Outbox;
  readonly flushAfterMs?: number;
  readonly retryAfterMs?: number;
  readonly settleMs?: number;
}

export class SaveQueue {
  readonly #options: SaveQueueOptions;
  readonly #watchers = new Set<() => void>();
  readonly #savedWatchers = new Set<(saved: SavedRevision) => void>();
  #restored: readonly SliceRuns[] = [];
  #restoredLast = 0;
  readonly #keeper: StrokeKeeper;
  readonly made = new MadeRevisions();
  #batch: Batch | null;
  #head: number;
  #openedAt: number | null = null;
  #divergence: Divergence | null;
  #settled: Divergence | null = null;
  #session: number | null = null;
  #state: SaveState = { kind: 'saved' };
  #trouble: { kind: Trouble; detail: string } | null = null;
  #resumed = false;
  #timer: ReturnType<typeof setTimeout> | null = null;
  #attempts = 0;
  #inFlight: Promise<void> | null = null;
  #durable = true;
  #closed = false;

  private constructor(options: SaveQueueOptions, { strokes, batch, base }: Kept) {
    this.#options = options;
    this.#keeper = new StrokeKeeper(
      options,
      strokes,
      () => this.#base,
      () => this.#loseDurability(),
    );
    this.#batch = strokes.length > 0 ? batch : null;
    this.#head = strokes.length > 0 ? (base?.revision ?? options.head) : options.head;
    this.#divergence = strokes.length > 0 ? (base?.divergence ?? null) : null;
    globalThis.addEventListener?.('online', this.#goOnline);
  }

  /**
   * Reads what an earlier life of this tab kept. Strokes on a revision that is no longer the newest are settled first:
   * either they had arrived, or they become a branch. Nothing else is sent before `start`.
   */
  static async open(options: SaveQueueOptions): Promise<SaveQueue> {
    const queue = new SaveQueue(options, await options.outbox.kept(options.assignment));
    if (queue.#hasStrokes && (queue.#head !== options.head || queue.#divergence !== null)) {
      const late = new Promise((resume) => setTimeout(resume, options.settleMs ?? SETTLE_MS));
      await Promise.race([queue.#settle(), late]);
    }
    queue.#beginHere();
    return queue;
  }

  /** Edits of an earlier life of this tab, in the order of drawing: to be applied to the mask that was fetched. */
  get restored(): readonly SliceRuns[] {
    return this.#restored;
  }

  /** The revision that the mask was when this tab opened it, restored strokes included; null until they are saved. */
  get openedAt(): number | null {
    return this.#openedAt;
  }

  /** Strokes of an earlier life that had come too late: they became a branch when the case was opened. */
  get settled(): Divergence | null {
    return this.#settled;
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
    this.#keeper.add(stroke);
    this.#publish();
    if (this.#trouble === null) {
      this.#schedule(this.#options.flushAfterMs ?? FLUSH_AFTER_MS);
    }
  }

  /** Keeps a stroke that is still being drawn, so that a tab that dies now loses none of it. It is not sent. */
  keepDraft(stroke: DrawnStroke): void {
    this.#keeper.keepDraft(stroke);
  }

  /** The stroke that was being drawn was dropped. */
  dropDraft(): void {
    this.#keeper.dropDraft();
  }

  /** Sends everything now and tells how it ended. */
  async flush(): Promise<SaveState> {
    await this.#inFlight;
    this.#keeper.finish();
    await this.#sendAll();
    return this.#state;
  }

  /** When somebody presses "Try again". */
  async retry(): Promise<SaveState> {
    await this.#inFlight;
    this.#trouble = null;
    this.#attempts = 0;
    this.#publish();
    return this.flush();
  }

  /** After signing in again. A server that still forbids it does so for another reason, which is then shown. */
  resume(): Promise<SaveState> {
    this.#resumed = true;
    return this.retry();
  }

  /** Answers a conflict: the kept strokes go on top of `revision`, the newest of the server. */
  async rebase(revision: number): Promise<SaveState> {
    await this.#inFlight;
    this.#batch = null;
    this.#head = revision;
    this.#divergence = null;
    await this.#options.outbox.redirect(this.#base).catch(() => this.#loseDurability());
    return this.retry();
  }

  /** Throws the kept strokes away; only ever on the reader's own word. */
  async discard(): Promise<void> {
    await this.#options.outbox.discard(this.#options.assignment);
    this.#keeper.forget();
    this.#batch = null;
    this.#divergence = null;
    this.#trouble = null;
    this.#publish();
  }

  /** Stops sending. What is not acknowledged stays in the outbox. */
  close(): void {
    this.#keeper.finish();
    this.#closed = true;
    this.#cancelTimer();
    globalThis.removeEventListener?.('online', this.#goOnline);
    this.#watchers.clear();
    this.#savedWatchers.clear();
  }

  get #base(): Base {
    return { assignment: this.#options.assignment, revision: this.#head, divergence: this.#divergence };
  }

  get #hasStrokes(): boolean {
    return this.#keeper.strokes.length > 0;
  }

  #loseDurability(): void {
    this.#durable = false;
    this.#publish();
  }

  // Beginning

  async #settle(): Promise<void> {
    const { head } = this.#options;
    if (this.#batch !== null && this.#divergence === null) {
      await this.#sendOne();
    }
    if (this.#hasStrokes && this.#trouble === null) {
      if (this.#divergence === null && this.#head !== head) {
        await this.#diverge('This case was changed somewhere else since these strokes were drawn.');
      }
      if (this.#divergence !== null) {
        await this.#sendAll();
      }
    }
  }

  /** What was settled is not in the way any more; the rest lies on the mask that the page fetches. */
  #beginHere(): void {
    if (!this.#hasStrokes) {
      this.#head = Math.max(this.#head, this.#options.head);
      this.#settled = this.#divergence;
      this.#divergence = null;
      this.#openedAt = this.#head;
    }
    this.#restored = this.#keeper.strokes.flatMap(({ edits }) => decodeEdits(edits));
    this.#restoredLast = this.#keeper.lastOrder;
    this.#publish();
  }

  // Sending

  #schedule(delay: number): void {
    if (this.#timer !== null || this.#closed || !this.#hasStrokes) {
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

  async #sendAll(): Promise<void> {
    while (this.#hasStrokes && !this.#isBlocked() && !this.#closed) {
      await this.#sendOne();
      if (this.#trouble !== null) break;
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
    const strokes = this.#keeper.upTo(batch.last);
    const meta = {
      base_revision: batch.baseRevision,
      key: batch.key,
      session: this.#session,
      events: strokes.flatMap(({ events }) => events),
    };
    const { assignment, columns } = this.#options;
    const undone = this.made.undoneBy(strokes, this.#keeper);
    try {
      if (this.#divergence === null) {
        await this.#acknowledge(batch, await save({ assignment, meta, strokes, columns, undone }));
      } else {
        const { branch } = this.#divergence;
        const body = await bodyOf(strokes, columns);
        await this.#noteBranch(batch, await saveBranch(assignment, { ...meta, branch }, body));
      }
    } catch (error) {
      await this.#fail(error);
    }
  }

  async #openBatch(): Promise<Batch> {
    const { assignment, outbox } = this.#options;
    const last = lastOfBatch(this.#keeper.strokes, this.#restoredLast);
    const batch = { assignment, key: newKey(), baseRevision: this.#head, last };
    this.#batch = batch;
    // Before the first byte leaves: a tab that dies after sending repeats the same key, and nothing is applied twice.
    await outbox.putBatch(batch).catch(() => this.#loseDurability());
    return batch;
  }

  async #acknowledge(batch: Batch, saved: SavedRevision): Promise<void> {
    this.#head = saved.revision;
    this.made.note(this.#keeper.upTo(batch.last), this.#keeper, saved.revision);
    if (batch.last === this.#restoredLast) this.#openedAt = saved.revision;
    await this.#forget(batch);
    for (const watcher of this.#savedWatchers) watcher(saved);
  }

  async #noteBranch(batch: Batch, { mask }: Branch): Promise<void> {
    const { strokes, detail } = this.#divergence ?? { strokes: 0, detail: '' };
    const sent = this.#keeper.upTo(batch.last).filter(({ goesOn }) => !goesOn).length;
    this.#divergence = { branch: mask, strokes: strokes + sent, detail };
    await this.#forget(batch);
  }

  async #forget(batch: Batch): Promise<void> {
    this.#keeper.forget(batch.last);
    this.#batch = null;
    this.#trouble = null;
    this.#resumed = false;
    this.#attempts = 0;
    await this.#options.outbox.acknowledge(batch, this.#base).catch(() => this.#loseDurability());
    this.#publish();
  }

  async #fail(error: unknown): Promise<void> {
    const detail = error instanceof Error ? error.message : String(error);
    const kind = troubleOf(error);
    if (kind === 'conflict' && this.#divergence === null) {
      await this.#diverge(detail);
      return;
    }
    this.#trouble = { kind: this.#shown(kind, error), detail };
    if (kind === 'offline') {
      const first = this.#options.retryAfterMs ?? RETRY_AFTER_MS;
      this.#cancelTimer();
      this.#schedule(Math.min(RETRY_AT_MOST_MS, first * 2 ** this.#attempts));
      this.#attempts += 1;
    }
    this.#publish();
  }

  #shown(kind: Trouble, error: unknown): Trouble {
    if (kind === 'signedOut' && this.#resumed && isForbidden(error)) {
      return 'refused';
    }
    // Where even a branch is refused the reader decides, as in any conflict.
    return kind === 'refused' && this.#divergence?.branch === null ? 'conflict' : kind;
  }

  /** The mask went on without these strokes: from here on they, and those that follow, go to a branch. */
  async #diverge(detail: string): Promise<void> {
    this.#divergence = { branch: null, strokes: 0, detail };
    this.#batch = null;
    await this.#options.outbox.redirect(this.#base).catch(() => this.#loseDurability());
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

  #publish(): void {
    this.#state = this.#describe();
    for (const watcher of this.#watchers) watcher();
  }

  #describe(): SaveState {
    const strokes = this.#keeper.count;
    if (strokes > 0 && this.#trouble !== null) {
      return { ...this.#trouble, strokes };
    }
    if (this.#divergence !== null) {
      const { branch, strokes: kept, detail } = this.#divergence;
      return branch === null
        ? { kind: 'conflict', strokes, detail }
        : { kind: 'branched', strokes, branch, kept, detail };
    }
    return strokes === 0 ? { kind: 'saved' } : { kind: 'saving', strokes };
  }
}
