/** Strokes on a case that was given to somebody else before they were sent. */
import { Outbox } from './outbox';
import { SaveQueue } from './saveQueue';

/**
 * Sends what this computer keeps of a case that cannot be opened any more. The server keeps it as a branch, and with
 * that the case opens again, to look at. False where nothing was kept, or it did not get through.
 */
export async function sendKept(assignment: number, user: string): Promise<boolean> {
  const outbox = await Outbox.open();
  try {
    // Only what nobody has saved yet goes back, so that the strokes lie on what the read began from.
    const queue = await SaveQueue.open({ assignment, user, head: 0, columns: null, outbox });
    if (queue.state.kind !== 'saved') queue.start(null);
    const { kind } = await queue.flush();
    queue.close();
    return kind === 'branched' || queue.settled !== null;
  } finally {
    outbox.close();
  }
}
