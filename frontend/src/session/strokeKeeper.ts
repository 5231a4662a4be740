/** The strokes of one assignment that the server has not acknowledged, in memory and in the outbox alike. */

import type { EditEvent } from '../api';
import { encodeEdits, partsOf, type SliceRuns } from '../voxels';
import { BYTES_PER_STROKE } from './batches';
import type { Change } from './madeRevisions';
import type { Base, KeptStroke, Outbox } from './outbox';

export interface DrawnStroke {
  readonly delta: readonly SliceRuns[];
  /** The same for a stroke, its undo and its redo; left out where nothing of it is undone by name. */
  readonly step?: object;
  readonly tool?: string;
  /** One for each structure that gained or lost. */
  readonly events: readonly EditEvent[];
}

interface Owner {
  readonly assignment: number;
  readonly user: string;
  readonly outbox: Outbox;
}

/** Of a stroke that is longer than a body: what follows its beginning, not encoded yet. */
type Part = Pick<KeptStroke, 'events' | 'goesOn'> & {
  readonly delta: readonly SliceRuns[];
  readonly change: Change | null;
};

export class StrokeKeeper {
  readonly #owner: Owner;
  readonly #base: () => Base;
  readonly #onLost: () => void;
  #strokes: KeptStroke[];
  #parts: Part[] = [];
  readonly #changes = new Map<number, Change>();
  #nextOrder: number;
  #hasDraft = false;

  /** `base`: what the strokes lie on; `onLost`: the browser refused to keep one. */
  constructor(owner: Owner, strokes: readonly KeptStroke[], base: () => Base, onLost: () => void) {
    this.#owner = owner;
    this.#base = base;
    this.#onLost = onLost;
    this.#strokes = [...strokes];
    this.#nextOrder = this.lastOrder + 1;
  }

  /** Those that are ready to be sent, in the order of drawing. */
  get strokes(): readonly KeptStroke[] {
    return this.#strokes;
  }

  get lastOrder(): number {
    return this.#strokes.at(-1)?.order ?? 0;
  }

  /** Strokes as the reader counts them. */
  get count(): number {
    return [...this.#strokes, ...this.#parts].filter(({ goesOn }) => !goesOn).length;
  }

  upTo(last: number): KeptStroke[] {
    return this.#strokes.filter(({ order }) => order <= last);
  }

  /** What a stroke of this tab did as a whole; null for parts of one, and for strokes of an earlier life. */
  changeOf(order: number): Change | null {
    return this.#changes.get(order) ?? null;
  }

  add({ delta, events, step, tool }: DrawnStroke): void {
    const mustWait = this.#parts.length > 0;
    const parts = partsOf(delta, BYTES_PER_STROKE);
    const isWhole = step !== undefined && parts.length === 1;
    const change = isWhole ? { step, isUndo: tool === 'undo' } : null;
    this.#parts.push(
      ...parts.map((part, n) => ({ delta: part, events: n === 0 ? events : [], goesOn: n > 0, change })),
    );
    this.#hasDraft = false;
    if (!mustWait) {
      this.#keepParts();
    }
  }

  /** Keeps a stroke that is still being drawn; the finished one takes its place. */
  keepDraft({ delta, events }: DrawnStroke): void {
    const [first] = partsOf(delta, BYTES_PER_STROKE);
    if (first !== undefined && this.#parts.length === 0) {
      this.#hasDraft = true;
      this.#store({ delta: first, events, goesOn: false, change: null });
    }
  }

  dropDraft(): void {
    if (this.#hasDraft) {
      this.#hasDraft = false;
      const { assignment, outbox } = this.#owner;
      outbox.remove(assignment, this.#nextOrder).catch(this.#onLost);
    }
  }

  /** Makes all ready that still waits for its turn. */
  finish(): void {
    while (this.#parts.length > 0) {
      this.#keepPart();
    }
  }

  forget(last = Number.POSITIVE_INFINITY): void {
    for (const { order } of this.upTo(last)) this.#changes.delete(order);
    this.#strokes = this.#strokes.filter(({ order }) => order > last);
    if (last === Number.POSITIVE_INFINITY) {
      this.#parts = [];
    }
  }

  /** The first part at once; each of the others, a few milliseconds of work, when the page has had its turn. */
  #keepParts(): void {
    this.#keepPart();
    if (this.#parts.length > 0) {
      setTimeout(() => this.#keepParts(), 0);
    }
  }

  #keepPart(): void {
    const part = this.#parts.shift();
    if (part !== undefined) {
      if (part.change !== null) this.#changes.set(this.#nextOrder, part.change);
      this.#strokes.push(this.#store(part));
      this.#nextOrder += 1;
    }
  }

  #store({ delta, events, goesOn }: Part): KeptStroke {
    const { assignment, user, outbox } = this.#owner;
    const edits = encodeEdits(delta);
    const stroke = { assignment, user, order: this.#nextOrder, edits, events, goesOn };
    outbox.put(stroke, this.#base()).catch(this.#onLost);
    return stroke;
  }
}
