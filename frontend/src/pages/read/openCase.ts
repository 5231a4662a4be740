/** Everything that must be there before the first stroke: the lock, the masks, the outbox, the reading session. */

import { type Assignment, fetchAssignment, startSession } from '../../api';
import { lockAssignment, Outbox, SaveQueue } from '../../session';
import { applyEdits, type LabelMap } from '../../voxels';
import { LookedKeeper } from './guidance/lookedKeeper';
import { readMask } from './masks/readMask';

export interface OpenedCase {
  readonly assignment: Assignment;
  readonly mask: LabelMap;
  readonly prediction: LabelMap | null;
  readonly queue: SaveQueue;
  readonly looked: LookedKeeper;
  /** Null while the case can only be looked at. */
  readonly session: number | null;
  readonly close: () => void;
}

export class OpenElsewhere extends Error {
  constructor() {
    super('This case is open in another tab of this browser. Close it there, then try again here.');
    this.name = 'OpenElsewhere';
  }
}

export async function openCase(id: number, user: string): Promise<OpenedCase> {
  const unlock = await lockAssignment(id);
  if (unlock === null) {
    throw new OpenElsewhere();
  }
  let queue: SaveQueue | null = null;
  try {
    const assignment = await fetchAssignment(id);
    const outbox = await Outbox.open();
    queue = await SaveQueue.open({ assignment: id, user, head: assignment.mask.head, outbox });
    const opened = queue;
    const looked = lookedOf(assignment);
    const close = (): void => {
      looked.close();
      opened.close();
      outbox.close();
      unlock();
    };
    return { assignment, queue: opened, looked, close, ...(await fetchContent(assignment, opened)) };
  } catch (error) {
    queue?.close();
    unlock();
    throw error;
  }
}

async function fetchContent(assignment: Assignment, queue: SaveQueue) {
  const { mask: own, prediction_mask, editable } = assignment;
  const [mask, prediction, session] = await Promise.all([
    readMask(own, assignment),
    prediction_mask === null ? null : readMask(prediction_mask, assignment),
    editable ? startSession(assignment.id).then(({ id }) => id) : null,
  ]);
  applyEdits(mask, queue.restored);
  return { mask, prediction, session };
}

function lookedOf({ id, volume, looked, editable }: Assignment): LookedKeeper {
  return new LookedKeeper({ assignment: id, shape: volume.shape, known: looked, editable });
}
