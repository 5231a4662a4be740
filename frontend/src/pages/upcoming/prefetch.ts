/** The case that comes next: the bytes of its first slices and its pre-annotation, before it is asked for. */

import { fetchMask, fetchUpcoming, type Upcoming } from '../../api';

let running: AbortController | null = null;
let fetched: number | null = null;

/**
 * `after`: the read that is open now. Nothing is reserved, so that what was fetched may go to somebody else: then
 * the next case comes as slowly as without. What was fetched stays when the page that asked is left.
 */
export async function prefetchUpcoming(project: number, after: number | null): Promise<void> {
  try {
    const upcoming = await fetchUpcoming(project, after);
    if (upcoming !== null && upcoming.volume.id !== fetched) {
      running?.abort();
      running = new AbortController();
      fetched = upcoming.volume.id;
      await fetchBytes(upcoming, running.signal);
    }
  } catch {
    // Fetched ahead or not, the case opens; what goes wrong is said when it is opened.
    fetched = null;
  }
}

async function fetchBytes({ volume, prediction_mask }: Upcoming, signal: AbortSignal): Promise<void> {
  // Who only looks at the worklist is not kept waiting for the viewer.
  const { prefetchImage } = await import('../../viewer');
  const image = prefetchImage(`/api/volumes/${volume.id}/zarr`, volume.levels, volume.chunk_slices, signal);
  // Into the browser's own cache: opening asks only whether it is still the same.
  const mask = prediction_mask === null ? null : fetchMask(prediction_mask.id, prediction_mask.head);
  await Promise.all([image, mask]);
}
