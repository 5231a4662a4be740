/**
 * Panes draw with the next frame. Where one has taken a frame's time, those after it come in the following frames; the
 * one under the pointer comes with each frame, and at least one other beside it.
 */

const FRAME_MS = 8;

class DrawTurns {
  /** In the order in which they asked. */
  private readonly waiting = new Map<object, () => void>();
  private request = 0;
  private leader: object | null = null;

  /** Where the reader works now; null for nowhere. */
  lead(owner: object | null): void {
    this.leader = owner;
  }

  /** `draw` is called once, however often its owner asks before. */
  ask(owner: object, draw: () => void): void {
    if (!this.waiting.has(owner)) this.waiting.set(owner, draw);
    if (this.request === 0) this.request = requestAnimationFrame(() => this.frame());
  }

  drop(owner: object): void {
    this.waiting.delete(owner);
    if (this.waiting.size > 0) return;
    cancelAnimationFrame(this.request);
    this.request = 0;
  }

  private frame(): void {
    this.request = 0;
    try {
      if (this.leader !== null) this.drawn(this.leader);
      const ends = performance.now() + FRAME_MS;
      for (const owner of [...this.waiting.keys()]) {
        if (this.drawn(owner) && performance.now() > ends) break;
      }
    } finally {
      if (this.waiting.size > 0 && this.request === 0) {
        this.request = requestAnimationFrame(() => this.frame());
      }
    }
  }

  /** False where it does not wait (any more). */
  private drawn(owner: object): boolean {
    const draw = this.waiting.get(owner);
    this.waiting.delete(owner);
    draw?.();
    return draw !== undefined;
  }
}

export const drawTurns = new DrawTurns();
