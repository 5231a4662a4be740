/** Work that is done with the next frame, once, however often it is asked for until then. */
export class OncePerFrame {
  private readonly work: () => void;
  private request = 0;
  private hasEnded = false;

  constructor(work: () => void) {
    this.work = work;
  }

  ask(): void {
    if (this.request !== 0 || this.hasEnded) return;
    this.request = requestAnimationFrame(() => {
      this.request = 0;
      this.work();
    });
  }

  /** From now on nothing is done, not even what was asked for. */
  end(): void {
    this.hasEnded = true;
    cancelAnimationFrame(this.request);
  }
}
