/** Which strokes go out together, and as what bytes. */

import {
  decodeEdits,
  encodeEdits,
  encodeRowEdits,
  MOST_ROW_RUNS,
  mergeSteps,
  type SliceRuns,
} from '../voxels';
import { gzip } from './gzip';
import { inSlices } from './inSlices';
import type { KeptStroke } from './outbox';

// Hours of work without a network go out in bodies that the server accepts: 2 MiB packed, 8 MiB plain, 1000 events.
const STROKES_PER_BATCH = 100;
const BYTES_PER_BATCH = 1_000_000;
const EVENTS_PER_BATCH = 900;

/** Longer strokes are cut. A body of this length fits even where gzip does not shorten it. */
export const BYTES_PER_STROKE = 1_900_000;

/** What was drawn over many structures is sent by itself: its undo can then name it, in place of all the voxels. */
const BYTES_TOGETHER = 4_096;
/** With more than these to send, fewer requests are worth more than shorter ones. */
const FEW_STROKES = 20;

/** Order of the last stroke that goes out with the first one; none after `boundary` goes with one before it. */
export function lastOfBatch(strokes: readonly KeptStroke[], boundary: number): number {
  const [first, ...others] = strokes.slice(0, STROKES_PER_BATCH);
  if (first === undefined) return 0;
  const longest = strokes.length > FEW_STROKES ? BYTES_PER_BATCH : BYTES_TOGETHER;
  const isShort = ({ edits }: KeptStroke): boolean => edits.length <= longest;
  const mayJoin = ({ order }: KeptStroke): boolean => first.order > boundary || order <= boundary;
  let bytes = first.edits.length;
  let events = first.events.length;
  let last = first.order;
  for (const stroke of isShort(first) ? others : []) {
    bytes += stroke.edits.length;
    events += stroke.events.length;
    const isFull = bytes > BYTES_PER_BATCH || events > EVENTS_PER_BATCH;
    if (isFull || !isShort(stroke) || !mayJoin(stroke)) break;
    last = stroke.order;
  }
  return last;
}

/**
 * One body with the effect of the strokes one after another. Does not hold the page up, however many they are.
 * `columns`: voxels of a row of the scan; where it is not known the body is longer.
 */
export async function bodyOf(strokes: readonly KeptStroke[], columns: number | null): Promise<Blob> {
  const [only] = strokes;
  if (strokes.length === 1 && only !== undefined) {
    return gzip(inRows(decodeEdits(only.edits), columns) ?? new Uint8Array(only.edits));
  }
  const merged = await inSlices(mergeSteps(strokes.map(({ edits }) => decodeEdits(edits))));
  return gzip(inRows(merged, columns) ?? encodeEdits(merged));
}

function inRows(slices: readonly SliceRuns[], columns: number | null): Uint8Array<ArrayBuffer> | null {
  return columns !== null && isShortInRows(slices) ? encodeRowEdits(slices, columns) : null;
}

/** Long ones come from operations: as outlines they would take the page and the server too long. */
function isShortInRows(slices: readonly SliceRuns[]): boolean {
  return slices.reduce((runs, { starts }) => runs + starts.length, 0) <= MOST_ROW_RUNS;
}
