/** The case that comes next: the bytes of its first slices and its pre-annotation, before it is asked for. */

import { fetchUpcoming, type Upcoming } from '../../api';

let running: AbortController | null = null;
let fetched: string | null = null;

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
  const [{ prefetchImage }, { fetchMaskAhead }] = await Promise.all([
    import('../../viewer'),
    import('../read/masks/readMask'),
  ]);
  const image = prefetchImage(`/api/volumes/${volume.id}/zarr`, volume.levels, volume.chunk_slices, signal);
  const mask = prediction_mask === null ? null : fetchMaskAhead(prediction_mask);
  await Promise.all([image, mask]);
}
