/** Bytes of the case that the reader will open next, kept in memory until it is opened. */

import { Subscribers } from '../subscribers';
import { chunkBytes, chunkCount, fetchChunk, type ImageSource } from './chunkFetch';
import type { Prefetch } from './port';

/** Only one scan is kept, and no more of it than this: its coarse level, then slices from the middle outward. */
export const AHEAD_BYTES = 64 * 2 ** 20;
const PARALLEL = 2;
/** What a case that is opened shows first: part of the coarse level, and the slices in the middle in full. */
const FIRST_CHUNKS = 2;

/** Scans that viewers bring in now: the rest of the next one waits for them. */
let coming = 0;
const rested = new Subscribers<null>();

interface Ahead {
  readonly url: string;
  /** Chunks that are here or on their way. */
  readonly chunks: Map<string, Promise<Int16Array<ArrayBuffer>>>;
  /** Those that are here. */
  readonly arrived: Map<string, Arrived>;
  readonly arrivals: Subscribers<Arrived>;
  /** The case was opened: what is not on its way yet is fetched by its viewer. */
  isOpened: boolean;
}

let ahead: Ahead | null = null;

export interface Arrived {
  readonly name: ChunkName;
  readonly voxels: Int16Array;
}

export interface ChunkName {
  readonly level: number;
  readonly n: number;
}

/** A chunk that was fetched ahead, or soon will be. It is handed over: the second call for it gives null. */
export function takeAhead(url: string, { level, n }: ChunkName): Promise<Int16Array<ArrayBuffer>> | null {
  if (ahead?.url !== url) return null;
  ahead.isOpened = true;
  const key = keyOf({ level, n });
  const found = ahead.chunks.get(key) ?? null;
  ahead.arrived.delete(key);
  ahead.chunks.delete(key);
  return found;
}

/** A viewer brings in a scan, until the work ends: meanwhile only the first slices of the next one are fetched ahead. */
export async function beforeAhead<Result>(work: Promise<Result>): Promise<Result> {
  coming += 1;
  try {
    return await work;
  } finally {
    coming -= 1;
    if (coming === 0) rested.tell(null);
  }
}

/** Resolves when no viewer brings in a scan. */
function untilRest(): Promise<void> {
  return new Promise((resolve) => {
    if (coming === 0) resolve();
    else {
      const stop = rested.add(() => {
        stop();
        resolve();
      });
    }
  });
}

/** Tells of every chunk of a scan that was fetched ahead, also of those to come. Returns the way to stop. */
export function watchAhead(url: string, onChunk: (arrived: Arrived) => void): () => void {
  if (ahead?.url !== url) return () => undefined;
  for (const arrived of ahead.arrived.values()) onChunk(arrived);
  return ahead.arrivals.add(onChunk);
}

export function forgetAhead(): void {
  ahead = null;
}

/**
 * Fetches what the first slices need. A second call drops what the first one kept, unless it is for the same scan:
 * then it does nothing.
 */
export const prefetchImage: Prefetch = async (url, levels, chunkSlices, signal) => {
  if ((ahead?.url === url && !ahead.isOpened) || signal.aborted) return;
  const source: ImageSource = { url, levels, chunkSlices };
  const kept: Ahead = {
    url,
    chunks: new Map(),
    arrived: new Map(),
    arrivals: new Subscribers(),
    isOpened: false,
  };
  ahead = kept;
  signal.addEventListener('abort', () => {
    if (ahead === kept) forgetAhead();
  });
  const wanted = withinBytes(source, firstChunks(source), AHEAD_BYTES);
  let asked = 0;
  const isWanted = () => ahead === kept && !kept.isOpened;
  const nextName = async (): Promise<ChunkName | undefined> => {
    asked += 1;
    if (asked > FIRST_CHUNKS) await untilRest();
    return isWanted() ? wanted.shift() : undefined;
  };
  const fetchNext = async (): Promise<void> => {
    while (isWanted()) {
      const name = await nextName();
      if (name === undefined) return;
      const urgency = asked <= FIRST_CHUNKS || name.level > 0 ? 'high' : 'low';
      const chunk = fetchChunk(source, name.level, name.n, signal, urgency);
      kept.chunks.set(keyOf(name), chunk);
      const arrived = { name, voxels: await chunk };
      if (kept.chunks.has(keyOf(name))) kept.arrived.set(keyOf(name), arrived);
      kept.arrivals.tell(arrived);
    }
  };
  await Promise.all(Array.from({ length: PARALLEL }, fetchNext));
};

/** Chunks in the order in which a case that opens in its middle needs them. */
export function firstChunks({ levels, chunkSlices }: ImageSource): ChunkName[] {
  const coarsest = levels.length - 1;
  const full = outward(chunkCount(levels[0]?.shape ?? [0, 0, 0], chunkSlices)).map((n) => ({ level: 0, n }));
  if (coarsest <= 0) return full;
  const coarse = outward(chunkCount(levels[coarsest]?.shape ?? [0, 0, 0], chunkSlices));
  const [first, ...rest] = coarse.map((n) => ({ level: coarsest, n }));
  return first === undefined ? full : [first, ...full.slice(0, 1), ...rest, ...full.slice(1)];
}

/** 0 to count - 1, from the middle to both ends. */
export function outward(count: number): number[] {
  const middle = (count - 1) / 2;
  return Array.from({ length: count }, (_, n) => n).sort(
    (a, b) => Math.abs(a - middle) - Math.abs(b - middle) || a - b,
  );
}

function withinBytes(source: ImageSource, names: readonly ChunkName[], limit: number): ChunkName[] {
  let bytes = 0;
  return names.filter(({ level }) => {
    bytes += chunkBytes(source, level);
    return bytes <= limit;
  });
}

function keyOf({ level, n }: ChunkName): string {
  return `${level}/${n}`;
}
