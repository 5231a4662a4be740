/** Fetches the chunks of an OME-Zarr image: the coarse level first, then full resolution around the shown slice. */
import type { Triple } from '../voxels';
import type { ImageSlices } from './imageSlices';
import { type ImageLevel, type LoadProgress, ViewerError } from './port';

const PARALLEL = 4;
const ATTEMPTS = 4;
const FIRST_WAIT_MS = 400;
/** Work on the main thread between two pauses, so that the page answers while the image comes in. */
const WORK_MS = 8;

export interface ImageSource {
  /** Address of the OME-Zarr image, without a slash at the end. */
  readonly url: string;
  /** Finest first; each level halves the one before. */
  readonly levels: readonly ImageLevel[];
  readonly chunkSlices: number;
}

export interface LoadListener {
  /** The axial slice the reader looks at: chunks near it come first. */
  readonly centreSlice: () => number;
  readonly onSlices: (first: number, count: number) => void;
  readonly onProgress: (progress: LoadProgress) => void;
}

export async function loadImage(
  source: ImageSource,
  target: ImageSlices,
  listener: LoadListener,
  signal: AbortSignal,
): Promise<void> {
  const coarsest = source.levels.length - 1;
  const report = progressReporter(source, target, listener);
  if (coarsest > 0) {
    const coarse = await fetchLevel(source, coarsest, signal);
    await spread(coarse, source, coarsest, target, listener, signal);
    report(coarsest);
  }
  const chunks = chunkNumbers(target.shape, source.chunkSlices);
  const fetchNext = async (): Promise<void> => {
    for (let n = takeNearest(chunks, source.chunkSlices, listener.centreSlice()); n !== null; ) {
      const voxels = await fetchChunk(source, 0, n, signal);
      const first = n * source.chunkSlices;
      target.writeFull(first, voxels);
      listener.onSlices(first, Math.min(source.chunkSlices, target.shape[2] - first));
      report(coarsest > 0 ? coarsest : source.levels.length);
      n = takeNearest(chunks, source.chunkSlices, listener.centreSlice());
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, fetchNext));
}

function progressReporter(source: ImageSource, target: ImageSlices, listener: LoadListener) {
  const totalSlices = target.shape[2];
  return (levelSoFar: number): void => {
    let loadedSlices = 0;
    for (let k = 0; k < totalSlices; k++) if (target.isFull(k)) loadedSlices += 1;
    const level = loadedSlices === totalSlices ? 0 : Math.min(levelSoFar, source.levels.length);
    listener.onProgress({ loadedSlices, totalSlices, level });
  };
}

function chunkNumbers(shape: Triple, chunkSlices: number): number[] {
  return Array.from({ length: Math.ceil(shape[2] / chunkSlices) }, (_, n) => n);
}

/** Removes and returns the chunk whose middle is nearest to a slice; null when none is left. */
export function takeNearest(chunks: number[], chunkSlices: number, slice: number): number | null {
  let best = -1;
  let bestDistance = Number.POSITIVE_INFINITY;
  chunks.forEach((n, at) => {
    const distance = Math.abs((n + 0.5) * chunkSlices - 0.5 - slice);
    if (distance < bestDistance) {
      best = at;
      bestDistance = distance;
    }
  });
  return best < 0 ? null : (chunks.splice(best, 1)[0] ?? null);
}

/** Every slice of one level. */
async function fetchLevel(source: ImageSource, level: number, signal: AbortSignal): Promise<Int16Array[]> {
  const shape = source.levels[level]?.shape ?? [0, 0, 0];
  const sliceLength = shape[0] * shape[1];
  const slices: Int16Array[] = new Array(shape[2]);
  const chunks = chunkNumbers(shape, source.chunkSlices);
  const fetchNext = async (): Promise<void> => {
    for (let n = chunks.shift(); n !== undefined; n = chunks.shift()) {
      const voxels = await fetchChunk(source, level, n, signal);
      for (let s = 0; s < source.chunkSlices && n * source.chunkSlices + s < shape[2]; s++) {
        slices[n * source.chunkSlices + s] = voxels.subarray(s * sliceLength, (s + 1) * sliceLength);
      }
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, fetchNext));
  return slices;
}

/** Shows a coarse level everywhere, nearest to the shown slice first. */
async function spread(
  coarse: readonly Int16Array[],
  source: ImageSource,
  level: number,
  target: ImageSlices,
  listener: LoadListener,
  signal: AbortSignal,
): Promise<void> {
  const step = 2 ** level;
  const shape = source.levels[level]?.shape ?? [1, 1, 1];
  const centre = listener.centreSlice();
  const order = Array.from({ length: target.shape[2] }, (_, k) => k).sort(
    (a, b) => Math.abs(a - centre) - Math.abs(b - centre),
  );
  let began = performance.now();
  for (const k of order) {
    const from = coarse[Math.min(coarse.length - 1, Math.floor(k / step))];
    if (from !== undefined && target.writeCoarse(k, from, shape, step, level)) listener.onSlices(k, 1);
    if (performance.now() - began > WORK_MS) {
      await pause(0);
      signal.throwIfAborted();
      began = performance.now();
    }
  }
}

/** One chunk as int16; retried where the network or the server stumbles. */
async function fetchChunk(
  source: ImageSource,
  level: number,
  n: number,
  signal: AbortSignal,
): Promise<Int16Array> {
  const { path, shape } = source.levels[level] as ImageLevel;
  const bytes = 2 * shape[0] * shape[1] * source.chunkSlices;
  let failure: ViewerError | null = null;
  for (let attempt = 0; attempt < ATTEMPTS; attempt++) {
    if (attempt > 0) await pause(FIRST_WAIT_MS * 2 ** (attempt - 1));
    signal.throwIfAborted();
    const answer = await fetchOnce(`${source.url}/${path}/c/${n}/0/0`, bytes, signal);
    if (!(answer instanceof ViewerError)) return new Int16Array(answer);
    failure = answer;
    if (answer.status !== null && answer.status >= 400 && answer.status < 500) break;
  }
  throw failure ?? new ViewerError('The scan could not be loaded; reload the page.');
}

async function fetchOnce(
  url: string,
  bytes: number,
  signal: AbortSignal,
): Promise<ArrayBuffer | ViewerError> {
  try {
    const response = await fetch(url, { signal, credentials: 'same-origin' });
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
    signal.throwIfAborted();
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
