/**
 * Panes draw with the next frame. Where one has taken a frame's time, those after it come in the following frames; the
 * one under the pointer comes first in each frame. Where it takes all of one, every second frame is for the others.
 */

const FRAME_MS = 8;

class DrawTurns {
  /** In the order in which they asked. */
  private readonly waiting = new Map<object, () => void>();
  private request = 0;
  private leader: object | null = null;
  /** The leader took all of the frame before. */
  private isOwed = false;

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
      const ends = performance.now() + FRAME_MS;
      const isLed = this.leader !== null && !this.isOwed && this.drawn(this.leader);
      this.isOwed = isLed && performance.now() > ends;
      if (this.isOwed) return;
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
