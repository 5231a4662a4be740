/** A case is opened again only when it has sent its last strokes and let go of its lock; other cases need not wait. */

const closing = new Map<number, Promise<void>>();

export function noteClosing(assignment: number, work: Promise<void>): void {
  const before = closing.get(assignment) ?? Promise.resolve();
  const closed = before
    .then(() => work)
    .catch(() => undefined)
    .then(() => {
      if (closing.get(assignment) === closed) closing.delete(assignment);
    });
  closing.set(assignment, closed);
}

/** Resolves when this case, or every case that was left in this tab, is closed. */
export async function lastClosed(assignment?: number): Promise<void> {
  await (assignment === undefined ? Promise.all(closing.values()) : closing.get(assignment));
}
