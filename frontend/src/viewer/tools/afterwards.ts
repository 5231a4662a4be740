/** What a gesture leaves to do when it ends: done at once, but not in the pointer's event, which the page waits for. */
export class Afterwards {
  private readonly channel = new MessageChannel();
  private work: (() => void) | null = null;

  constructor() {
    // A message comes sooner than any timer.
    this.channel.port1.onmessage = () => this.settle();
  }

  leave(work: () => void): void {
    this.settle();
    this.work = work;
    this.channel.port2.postMessage(null);
  }

  /** Does it now: for whoever needs it done. */
  settle(): void {
    const { work } = this;
    this.work = null;
    work?.();
  }

  destroy(): void {
    this.settle();
    this.channel.port1.close();
  }
}
