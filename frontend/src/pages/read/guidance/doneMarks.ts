/** Which suspicious regions a reader has been to, kept in this browser: a reload does not begin the walk anew. */

const PLACE = 'delineate-regions';
const MASKS_KEPT = 100;

type Marks = Readonly<Record<string, readonly number[]>>;

export class DoneMarks {
  readonly #key: string;
  readonly #storage: Storage;

  /** A prediction does not change once it is made: a region is its rank in it. */
  constructor(user: string, predictionMask: string, storage: Storage = localStorage) {
    this.#key = `${user}/${predictionMask}`;
    this.#storage = storage;
  }

  read(): ReadonlySet<number> {
    return new Set(this.#all()[this.#key] ?? []);
  }

  write(done: ReadonlySet<number>): void {
    const { [this.#key]: _, ...others } = this.#all();
    const kept = Object.entries(others).slice(1 - MASKS_KEPT);
    const marks: Marks = { ...Object.fromEntries(kept), [this.#key]: [...done] };
    try {
      this.#storage.setItem(PLACE, JSON.stringify(marks));
    } catch {
      // A full or forbidden store costs the marks after a reload and nothing else.
    }
  }

  #all(): Marks {
    try {
      const found: unknown = JSON.parse(this.#storage.getItem(PLACE) ?? '{}');
      return typeof found === 'object' && found !== null ? (found as Marks) : {};
    } catch {
      return {};
    }
  }
}
