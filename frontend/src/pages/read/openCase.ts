/** Everything that must be there before the first stroke: the lock, the masks, the outbox, the reading session. */

import { type Assignment, fetchAssignment, fetchMask, type MaskRef, startSession } from '../../api';
import { lockAssignment, Outbox, SaveQueue } from '../../session';
import { applyEdits, decodeMaskChunks, type LabelMap } from '../../voxels';

export interface OpenedCase {
  readonly assignment: Assignment;
  readonly mask: LabelMap;
  readonly prediction: LabelMap | null;
  readonly queue: SaveQueue;
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
    const close = (): void => {
      opened.close();
      outbox.close();
      unlock();
    };
    return { assignment, queue: opened, close, ...(await fetchContent(assignment, opened)) };
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

async function readMask({ id, head }: MaskRef, { volume, structures }: Assignment): Promise<LabelMap> {
  const layers = 1 + Math.max(0, ...structures.map(({ layer }) => layer));
  return decodeMaskChunks(await fetchMask(id, head), volume.shape, layers);
}
