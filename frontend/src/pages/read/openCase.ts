/** Everything that must be there before the first stroke: the lock, the masks, the outbox, the reading session. */

import { ApiError, type Assignment, fetchAssignment, startSession } from '../../api';
import { lockAssignment, Outbox, SaveQueue, sendKept } from '../../session';
import { prefetchImage } from '../../viewer';
import { applyEdits, type LabelMap, type VoxelCounts } from '../../voxels';
import { imagesGoOn, takeHandedOver } from '../upcoming/goOn';
import { LookedKeeper } from './guidance/lookedKeeper';
import { useKeyStore } from './keys/keyStore';
import { maskWorker, type OwnMask, readMask, readOwnMask, readStart } from './masks/readMask';
import { MeasurementKeeper } from './measurements/measurementKeeper';
import { useColours } from './structures/colours';

export interface OpenedCase {
  readonly assignment: Assignment;
  readonly mask: LabelMap;
  /** Of the mask: the engine that draws on it keeps them up to date. */
  readonly counts: VoxelCounts;
  readonly prediction: LabelMap | null;
  readonly queue: SaveQueue;
  readonly looked: LookedKeeper;
  readonly measured: MeasurementKeeper;
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

/**
 * `onFound` is told as soon as it is known which case it is; its masks come later. `leaving`: the page was left before
 * the case was open, which then ends at once.
 */
export async function openCase(
  id: number,
  user: string,
  onFound: (assignment: Assignment) => void,
  leaving: AbortSignal,
): Promise<OpenedCase> {
  maskWorker();
  const unlock = await lockAssignment(id);
  if (unlock === null) {
    throw new OpenElsewhere();
  }
  let queue: SaveQueue | null = null;
  try {
    const [assignment, outbox] = await Promise.all([fetchOwn(id, user), Outbox.open()]);
    leaving.throwIfAborted();
    const stopImage = fetchImage(assignment, leaving);
    imagesGoOn();
    onFound(assignment);
    const columns = assignment.volume.shape[0];
    queue = await SaveQueue.open({ assignment: id, user, head: assignment.mask.head, columns, outbox });
    const opened = queue;
    const content = await Promise.race([fetchContent(assignment, opened), leftBy(leaving)]);
    // Not before: what an earlier sitting left unsent is sent by the page that has the case open.
    const looked = lookedOf(assignment);
    const measured = measuredOf(assignment, user);
    const close = (): void => {
      stopImage();
      looked.close();
      measured.close();
      opened.close();
      outbox.close();
      unlock();
    };
    return { assignment, queue: opened, looked, measured, close, ...content };
  } catch (error) {
    queue?.close();
    unlock();
    throw error;
  }
}

/** A case that went to another reader opens again once what was drawn of it is kept as a branch. */
async function fetchOwn(id: number, user: string): Promise<Assignment> {
  try {
    return takeHandedOver(id) ?? (await fetchAssignment(id));
  } catch (error) {
    if (!(error instanceof ApiError) || error.status !== 403 || !(await sendKept(id, user))) throw error;
    return fetchAssignment(id);
  }
}

/** The first slices come beside the masks; the viewer takes them over, and says what goes wrong. */
function fetchImage({ volume }: Assignment, leaving: AbortSignal): () => void {
  const fetching = new AbortController();
  leaving.addEventListener('abort', () => fetching.abort());
  const url = `/api/volumes/${volume.id}/zarr`;
  prefetchImage(url, volume.levels, volume.chunk_slices, fetching.signal).catch(() => undefined);
  return () => fetching.abort();
}

function leftBy(leaving: AbortSignal): Promise<never> {
  return new Promise((_, fail) => leaving.addEventListener('abort', () => fail(leaving.reason)));
}

async function fetchContent(assignment: Assignment, queue: SaveQueue) {
  const { id, editable } = assignment;
  const [{ own, prediction }, session] = await Promise.all([
    readMasks(assignment),
    editable ? startSession(id).then((started) => started.id) : null,
    // Before the page: a key that was given another meaning must not do what it usually does.
    useKeyStore.getState().load(),
    useColours.getState().load(),
  ]);
  const { map: mask, counts } = own;
  applyEdits(mask, queue.restored);
  const written = new Map(queue.restored.map((slice) => [`${slice.layer}/${slice.k}`, slice]));
  for (const { layer, k } of written.values()) counts.recount(mask, layer, k);
  return { mask, counts, prediction, session };
}

/** A read that was not begun is the prediction still, which then comes only once. */
async function readMasks(
  assignment: Assignment,
): Promise<{ readonly own: OwnMask; readonly prediction: LabelMap | null }> {
  const { mask, role, prediction_mask } = assignment;
  if (prediction_mask !== null && mask.head === 0 && role === 'annotate') {
    return readStart(prediction_mask, assignment);
  }
  const [own, prediction] = await Promise.all([
    readOwnMask(mask, assignment),
    prediction_mask === null ? null : readMask(prediction_mask, assignment),
  ]);
  return { own, prediction };
}

function lookedOf({ id, volume, looked, editable }: Assignment): LookedKeeper {
  return new LookedKeeper({ assignment: id, shape: volume.shape, known: looked, editable });
}

function measuredOf({ id, volume, measurements, editable }: Assignment, user: string): MeasurementKeeper {
  return new MeasurementKeeper({ assignment: id, user, volume, known: measurements, editable });
}
