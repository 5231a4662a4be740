/** What was measured in the open case: restored from the server, sent as it changes, and kept here until it got there. */

import { ApiError, type MeasuredPoints, saveMeasurements, type VolumeInfo } from '../../../api';
import { newKey } from '../../../session';
import type { Measurement } from '../../../viewer';
import { drawnFrom, keptPoints } from './keptPoints';

const PLACE = 'delineate-measurements';
const SEND_AFTER_MS = 1_000;
const RETRY_AFTER_MS = 5_000;
const NOT_KEPT = 'This case is not open for changes any more: what you measure now is gone when you leave.';

export interface MeasurementKeeperOptions {
  readonly assignment: number;
  readonly user: string;
  readonly volume: VolumeInfo;
  /** What the server knew when the case was opened. */
  readonly known: readonly MeasuredPoints[];
  /** False where nothing may be recorded: a read that is handed in. */
  readonly editable: boolean;
  readonly send?: typeof saveMeasurements;
  readonly storage?: Pick<Storage, 'getItem' | 'setItem' | 'removeItem'>;
  readonly sendAfterMs?: number;
}

/** New or changed ones by key, and the keys of removed ones. */
interface Change {
  readonly changed: readonly MeasuredPoints[];
  readonly removed: readonly string[];
}

export class MeasurementKeeper {
  readonly #options: MeasurementKeeperOptions;
  /** By key: as the server has acknowledged them. */
  readonly #saved: Map<string, MeasuredPoints>;
  readonly #keys = new Map<number, string>();
  /** As they are kept: points are computed anew only for what was dragged, so that the others keep every digit. */
  readonly #kept = new Map<number, { readonly drawn: Measurement; readonly points: MeasuredPoints }>();
  readonly #watchers = new Set<() => void>();
  #all: readonly Measurement[];
  #timer: ReturnType<typeof setTimeout> | null = null;
  /** One request at a time; never rejects. */
  #sending: Promise<void> = Promise.resolve();
  #isOver: boolean;
  #problem: string | null = null;

  constructor(options: MeasurementKeeperOptions) {
    this.#options = options;
    this.#isOver = !options.editable;
    this.#saved = new Map(options.known.map((one) => [one.key, one]));
    const here = options.editable ? this.#readHere() : NOTHING;
    const merged = new Map(this.#saved);
    for (const one of here.changed) merged.set(one.key, one);
    for (const key of here.removed) merged.delete(key);
    this.#all = [...merged.values()].flatMap((points, at) => this.#restored(points, at + 1));
    this.#schedule(0);
  }

  /** What the planes show: what was restored, then what `note` was told last. */
  get all(): readonly Measurement[] {
    return this.#all;
  }

  /** Why the newest change is not on the server, as a sentence. */
  get problem(): string | null {
    return this.#problem;
  }

  subscribe(watcher: () => void): () => void {
    this.#watchers.add(watcher);
    return () => this.#watchers.delete(watcher);
  }

  note(all: readonly Measurement[]): void {
    this.#all = all;
    if (this.#isOver) {
      this.#setProblem(this.#problem ?? NOT_KEPT);
      return;
    }
    const change = this.#change();
    this.#writeHere(change);
    // What was refused and taken back is no problem any more.
    if (isNothing(change)) this.#setProblem(null);
    this.#schedule(this.#options.sendAfterMs ?? SEND_AFTER_MS);
  }

  /** Sends what is new; what does not get through stays on this computer and goes with the next try. */
  flush(): Promise<void> {
    this.#cancel();
    this.#sending = this.#sending.then(() => this.#send());
    return this.#sending;
  }

  close(): void {
    this.#cancel();
    this.#isOver = true;
    this.#watchers.clear();
  }

  async #send(): Promise<void> {
    const change = this.#change();
    if (this.#isOver) return;
    if (isNothing(change)) {
      this.#setProblem(null);
      return;
    }
    try {
      await (this.#options.send ?? saveMeasurements)(this.#options.assignment, change);
      for (const one of change.changed) this.#saved.set(one.key, one);
      for (const key of change.removed) this.#saved.delete(key);
      this.#setProblem(null);
      if (!this.#isOver) this.#writeHere(this.#change());
    } catch (error) {
      this.#failed(error);
    }
  }

  #failed(error: unknown): void {
    this.#setProblem(error instanceof Error ? error.message : String(error));
    const status = error instanceof ApiError ? error.status : 0;
    if ([403, 404, 409].includes(status)) this.#isOver = true;
    // What the server refuses as it is, it will refuse again: that waits for the next change.
    else if (![400, 413].includes(status)) this.#schedule(RETRY_AFTER_MS);
  }

  #restored(points: MeasuredPoints, id: number): readonly Measurement[] {
    const drawn = drawnFrom(points, id, this.#options.volume);
    if (drawn === null) return [];
    this.#keys.set(id, points.key);
    this.#kept.set(id, { drawn, points });
    return [drawn];
  }

  #pointsOf(drawn: Measurement): MeasuredPoints {
    const before = this.#kept.get(drawn.id);
    if (before?.drawn === drawn) return before.points;
    const key = this.#keys.get(drawn.id) ?? newKey();
    const points = keptPoints(drawn, key, this.#options.volume);
    this.#keys.set(drawn.id, key);
    this.#kept.set(drawn.id, { drawn, points });
    return points;
  }

  #change(): Change {
    const now = this.#all.map((one) => this.#pointsOf(one));
    const keys = new Set(now.map(({ key }) => key));
    return {
      changed: now.filter((one) => !isSame(one, this.#saved.get(one.key))),
      removed: [...this.#saved.keys()].filter((key) => !keys.has(key)),
    };
  }

  #schedule(after: number): void {
    if (this.#timer === null && !this.#isOver && !isNothing(this.#change())) {
      this.#timer = setTimeout(() => void this.flush(), after);
    }
  }

  #cancel(): void {
    if (this.#timer !== null) clearTimeout(this.#timer);
    this.#timer = null;
  }

  #setProblem(problem: string | null): void {
    if (problem === this.#problem) return;
    this.#problem = problem;
    for (const watcher of this.#watchers) watcher();
  }

  // What is not on the server yet, beyond a killed tab

  get #place(): string {
    return `${PLACE}/${this.#options.user}/${this.#options.assignment}`;
  }

  get #storage() {
    return this.#options.storage ?? localStorage;
  }

  #readHere(): Change {
    try {
      const found: unknown = JSON.parse(this.#storage.getItem(this.#place) ?? 'null');
      return isChange(found) ? found : NOTHING;
    } catch {
      return NOTHING;
    }
  }

  #writeHere(change: Change): void {
    try {
      if (isNothing(change)) this.#storage.removeItem(this.#place);
      else this.#storage.setItem(this.#place, JSON.stringify(change));
    } catch {
      // A full or forbidden store costs what a killed tab had measured within the last second.
    }
  }
}

const NOTHING: Change = { changed: [], removed: [] };

function isNothing({ changed, removed }: Change): boolean {
  return changed.length === 0 && removed.length === 0;
}

function isSame(one: MeasuredPoints, other: MeasuredPoints | undefined): boolean {
  return one === other || (other !== undefined && wordsOf(one) === wordsOf(other));
}

function wordsOf({ kind, plane, label, points_lps, tilt_deg }: MeasuredPoints): string {
  return JSON.stringify([kind, plane, label.trim(), points_lps, tilt_deg]);
}

/** Only what this module wrote: another shape is left alone. */
function isChange(found: unknown): found is Change {
  return (
    typeof found === 'object' &&
    found !== null &&
    'changed' in found &&
    'removed' in found &&
    Array.isArray(found.changed) &&
    Array.isArray(found.removed) &&
    found.changed.every((one: Partial<MeasuredPoints>) => Array.isArray(one?.points_lps))
  );
}
