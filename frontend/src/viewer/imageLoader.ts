/**
 * Brings an OME-Zarr image in: a coarse chunk and the full slices where the reader looks, the rest of the coarse
 * level, then full slices outward from what is shown.
 */
import type { ImageSlices } from './imageSlices';
import type { LoadProgress } from './port';
import { chunkCount, fetchChunk, type ImageSource } from './views/chunkFetch';
import { beforeAhead, type ChunkName, takeAhead } from './views/prefetch';

const PARALLEL = 4;

export type { ImageSource } from './views/chunkFetch';

export interface LoadListener {
  /** The axial slice the reader looks at: chunks near it come first. */
  readonly centreSlice: () => number;
  /** Slices of which more is known now. */
  readonly onSlices: (first: number, count: number) => void;
  readonly onProgress: (progress: LoadProgress) => void;
}

export async function loadImage(
  source: ImageSource,
  target: ImageSlices,
  listener: LoadListener,
  signal: AbortSignal,
): Promise<void> {
  const image = new IncomingImage(source, target, listener);
  const work = async (): Promise<void> => {
    for (let name = image.next(); name !== null; name = image.next()) {
      signal.throwIfAborted();
      image.put(name, await chunkOf(source, name, signal));
    }
  };
  await beforeAhead(Promise.all(Array.from({ length: PARALLEL }, work)));
}

/** Fetched ahead where it was; that fetch may have failed or been stopped, then it is tried once more. */
async function chunkOf(source: ImageSource, name: ChunkName, signal: AbortSignal): Promise<Int16Array> {
  const urgency = name.level > 0 ? 'high' : 'low';
  const fetched = () => fetchChunk(source, name.level, name.n, signal, urgency);
  return takeAhead(source.url, name)?.catch(fetched) ?? fetched();
}

/** Puts chunks in place as they come, and says which to fetch next. */
export class IncomingImage {
  private readonly source: ImageSource;
  private readonly target: ImageSlices;
  private readonly listener: LoadListener;
  private readonly coarsest: number;
  private readonly full: number[];
  private readonly coarse: number[];
  private readonly coarseSlices: (Int16Array | undefined)[];
  private coarseMissing: number;
  private taken = 0;
  private level: number;

  constructor(source: ImageSource, target: ImageSlices, listener: LoadListener) {
    this.source = source;
    this.target = target;
    this.listener = listener;
    this.coarsest = source.levels.length - 1;
    this.full = numbers(chunkCount(target.shape, source.chunkSlices));
    const shape = source.levels[this.coarsest]?.shape ?? [0, 0, 0];
    this.coarse = this.coarsest > 0 ? numbers(chunkCount(shape, source.chunkSlices)) : [];
    this.coarseMissing = this.coarse.length;
    this.level = source.levels.length;
    this.coarseSlices = new Array(this.coarsest > 0 ? shape[2] : 0);
    if (this.coarsest > 0) target.setCoarse({ shape, step: 2 ** this.coarsest, slices: this.coarseSlices });
  }

  /** The chunk to fetch next; null when all are taken. */
  next(): ChunkName | null {
    const { chunkSlices } = this.source;
    const slice = this.listener.centreSlice();
    this.taken += 1;
    // The second thing that is fetched is what the reader came for: the slice in the middle, in full.
    if (this.taken !== 2 || this.full.length === 0) {
      const coarse = takeNearest(this.coarse, chunkSlices, slice / 2 ** this.coarsest);
      if (coarse !== null) return { level: this.coarsest, n: coarse };
    }
    const n = takeNearest(this.full, chunkSlices, slice);
    return n === null ? null : { level: 0, n };
  }

  put({ level, n }: ChunkName, voxels: Int16Array): void {
    const { chunkSlices } = this.source;
    if (level === 0) {
      this.target.writeFull(n * chunkSlices, voxels);
      this.told(n * chunkSlices, chunkSlices);
    } else {
      this.putCoarse(n, voxels);
      const step = 2 ** this.coarsest;
      this.told(n * chunkSlices * step, chunkSlices * step);
    }
  }

  private putCoarse(n: number, voxels: Int16Array): void {
    const { chunkSlices, levels } = this.source;
    const [columns, rows] = levels[this.coarsest]?.shape ?? [0, 0, 0];
    const sliceLength = columns * rows;
    const first = n * chunkSlices;
    for (let s = 0; s < chunkSlices && first + s < this.coarseSlices.length; s++) {
      this.coarseSlices[first + s] = voxels.subarray(s * sliceLength, (s + 1) * sliceLength);
    }
    this.coarseMissing -= 1;
  }

  private told(first: number, count: number): void {
    const totalSlices = this.target.shape[2];
    this.listener.onSlices(first, Math.min(count, totalSlices - first));
    const loadedSlices = this.target.fullSlices;
    const level = this.levelSoFar(loadedSlices === totalSlices);
    this.listener.onProgress({ loadedSlices, totalSlices, level });
    // In the browser's own record, where budgets are measured.
    if (level < this.level) performance.mark(level === 0 ? 'whole scan' : 'coarse scan');
    this.level = level;
  }

  private levelSoFar(complete: boolean): number {
    if (complete) return 0;
    return this.coarsest > 0 && this.coarseMissing === 0 ? this.coarsest : this.source.levels.length;
  }
}

function numbers(count: number): number[] {
  return Array.from({ length: count }, (_, n) => n);
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
