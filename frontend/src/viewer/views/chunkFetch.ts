/** One chunk of an OME-Zarr image over HTTP, and the sentence for the reader where it cannot be had. */
import type { Triple } from '../../voxels';
import { type ImageLevel, ViewerError } from '../port';
import { chunkTurns, type Urgency } from './chunkTurns';

const ATTEMPTS = 4;
const FIRST_WAIT_MS = 400;

export interface ImageSource {
  /** Address of the OME-Zarr image, without a slash at the end. */
  readonly url: string;
  /** Finest first; each level halves the one before. */
  readonly levels: readonly ImageLevel[];
  readonly chunkSlices: number;
}

export function chunkUrl(source: ImageSource, level: number, n: number): string {
  return `${source.url}/${source.levels[level]?.path}/c/${n}/0/0`;
}

export function chunkBytes(source: ImageSource, level: number): number {
  const shape = source.levels[level]?.shape ?? [0, 0, 0];
  return 2 * shape[0] * shape[1] * source.chunkSlices;
}

export function chunkCount(shape: Triple, chunkSlices: number): number {
  return Math.ceil(shape[2] / chunkSlices);
}

/** One chunk as int16; retried where the network or the server stumbles. Throws a ViewerError. */
export async function fetchChunk(
  source: ImageSource,
  level: number,
  n: number,
  signal: AbortSignal,
  priority: Urgency = 'low',
): Promise<Int16Array<ArrayBuffer>> {
  const bytes = chunkBytes(source, level);
  let failure: ViewerError | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await pause(FIRST_WAIT_MS * 2 ** (attempt - 1));
    signal.throwIfAborted();
    const answer = await fetchInTurn(chunkUrl(source, level, n), bytes, signal, priority);
    signal.throwIfAborted();
    if (!(answer instanceof ViewerError)) return new Int16Array(answer);
    failure = answer;
    if (answer.status !== null && answer.status >= 400 && answer.status < 500) break;
  }
  throw failure ?? new ViewerError('The scan could not be loaded; reload the page.');
}

/** Asked for again as often as it has to stand back for others. */
async function fetchInTurn(
  url: string,
  bytes: number,
  signal: AbortSignal,
  priority: Urgency,
): Promise<ArrayBuffer | ViewerError> {
  for (;;) {
    const turn = await chunkTurns.take(priority, signal);
    try {
      const answer = await fetchOnce(url, bytes, { signal: turn.signal, priority });
      if (!(turn.isPutBack && answer instanceof ViewerError)) return answer;
    } finally {
      turn.end();
    }
    signal.throwIfAborted();
  }
}

async function fetchOnce(
  url: string,
  bytes: number,
  options: { readonly signal: AbortSignal; readonly priority: Urgency },
): Promise<ArrayBuffer | ViewerError> {
  try {
    const response = await fetch(url, { ...options, credentials: 'same-origin' });
    if (!response.ok) {
      await response.body?.cancel();
      return new ViewerError(refusal(response.status), response.status);
    }
    const body = await response.arrayBuffer();
    if (body.byteLength === bytes) return body;
    return new ViewerError(
      `A part of the scan has ${body.byteLength} bytes, not ${bytes}; ask the project lead to import it again.`,
    );
  } catch (error) {
    return new ViewerError(
      `The scan could not be loaded: ${error instanceof Error ? error.message : 'no connection'}. Check the connection and reload the page.`,
    );
  }
}

function refusal(status: number): string {
  if (status === 401 || status === 403) return 'You are signed out or may not see this scan; sign in again.';
  if (status === 404) return 'This scan is not in the store; ask the project lead to import it again.';
  return `The server could not send the scan (${status}); reload the page in a moment.`;
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
