/** One case at a time: the next one is opened when the one before has sent its last strokes and let go of its lock. */

let closing: Promise<void> = Promise.resolve();

export function noteClosing(work: Promise<void>): void {
  closing = closing.then(() => work).catch(() => undefined);
}

/** Resolves when every case that was left in this tab is closed. */
export function lastClosed(): Promise<void> {
  return closing;
}
