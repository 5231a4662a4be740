/** Slices that strokes changed, counted anew behind the strokes and not within them. */
import { inPortions } from '../masks/portions';

interface Slice {
  readonly layer: number;
  readonly k: number;
}

export class Recount {
  readonly #count: (layer: number, k: number) => void;
  readonly #done: () => void;
  readonly #isGone: () => boolean;
  readonly #stale = new Map<string, Slice>();
  #isAtWork = false;

  /** `done` is told when every slice that had changed was counted. */
  constructor(count: (layer: number, k: number) => void, done: () => void, isGone: () => boolean) {
    this.#count = count;
    this.#done = done;
    this.#isGone = isGone;
  }

  /** A slice that changes again before it was counted is counted once. */
  stale(slices: readonly Slice[]): void {
    for (const { layer, k } of slices) {
      this.#stale.set(`${layer}/${k}`, { layer, k });
    }
    if (!this.#isAtWork) {
      void this.#work();
    }
  }

  async #work(): Promise<void> {
    this.#isAtWork = true;
    while (this.#stale.size > 0 && !this.#isGone()) {
      // The pointer event that ended the stroke is over by then.
      await new Promise((resume) => setTimeout(resume));
      const slices = [...this.#stale.values()];
      this.#stale.clear();
      await inPortions(slices.length, (at) => this.#countOne(slices[at]), this.#isGone);
    }
    this.#isAtWork = false;
    if (!this.#isGone()) {
      this.#done();
    }
  }

  #countOne(slice: Slice | undefined): void {
    if (slice !== undefined) {
      this.#count(slice.layer, slice.k);
    }
  }
}
