/** Panes draw with the next frame. Where one has taken a frame's time, those after it come in the following frames. */

const FRAME_MS = 8;

class DrawTurns {
  /** In the order in which they asked. */
  private readonly waiting = new Map<object, () => void>();
  private request = 0;

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
    const ends = performance.now() + FRAME_MS;
    try {
      for (const [owner, draw] of [...this.waiting]) {
        if (!this.waiting.delete(owner)) continue;
        draw();
        if (performance.now() > ends) break;
      }
    } finally {
      if (this.waiting.size > 0 && this.request === 0) {
        this.request = requestAnimationFrame(() => this.frame());
      }
    }
  }
}

export const drawTurns = new DrawTurns();
