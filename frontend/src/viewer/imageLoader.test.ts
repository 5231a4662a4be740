import { afterEach, describe, expect, it, vi } from 'vitest';
import { ijk, sliceSize, type Triple } from '../voxels';
import { type ImageSource, loadImage, takeNearest } from './imageLoader';
import { ImageSlices } from './imageSlices';
import { type LoadProgress, ViewerError } from './port';
import { beforeAhead, forgetAhead, prefetchImage, watchAhead } from './views/prefetch';

const SHAPE: Triple = [6, 4, 20];
const COARSE: Triple = [3, 2, 10];
const SOURCE: ImageSource = {
  url: '/api/volumes/7/zarr',
  levels: [
    { shape: SHAPE, path: '0' },
    { shape: COARSE, path: '1' },
  ],
  chunkSlices: 8,
};

/** HU of the image that is served: 100 k + 10 j + i, the coarse level negative. */
function served(path: string): Int16Array {
  const [level, , n] = path.split('/');
  const [ni, nj, nk] = level === '0' ? SHAPE : COARSE;
  const voxels = new Int16Array(ni * nj * 8).fill(-1024);
  for (let s = 0; s < 8 && Number(n) * 8 + s < nk; s++) {
    for (let p = 0; p < ni * nj; p++) {
      const hu = 100 * (Number(n) * 8 + s) + 10 * Math.floor(p / ni) + (p % ni);
      voxels[s * ni * nj + p] = level === '0' ? hu : -1 - hu;
    }
  }
  return voxels;
}

type Answer = (path: string) => Response;

/** A server behind fetch; the paths that were asked for, in order. */
function serve(answer: Answer): string[] {
  const asked: string[] = [];
  vi.stubGlobal('fetch', async (url: string) => {
    const path = url.replace('/api/volumes/7/zarr/', '');
    asked.push(path);
    return answer(path);
  });
  return asked;
}

function chunk(path: string): Response {
  return new Response(served(path).buffer as ArrayBuffer);
}

async function load(target: ImageSlices, centre = 9): Promise<LoadProgress[]> {
  const seen: LoadProgress[] = [];
  const listener = {
    centreSlice: () => centre,
    onSlices: () => undefined,
    onProgress: (p: LoadProgress) => seen.push(p),
  };
  await loadImage(SOURCE, target, listener, new AbortController().signal);
  return seen;
}

afterEach(() => {
  vi.unstubAllGlobals();
  forgetAhead();
  vi.useRealTimers();
});

describe('loadImage', () => {
  it('puts every voxel in place', async () => {
    serve(chunk);
    const image = new ImageSlices(SHAPE);
    await load(image);
    for (let k = 0; k < 20; k++) {
      const expected = Array.from({ length: 24 }, (_, p) => 100 * k + 10 * Math.floor(p / 6) + (p % 6));
      expect([...(image.slices[k] ?? [])]).toEqual(expected);
      expect(image.isFull(k)).toBe(true);
    }
  });

  it('asks first for what shows the slice the reader looks at, coarse and full, then for the rest outward', async () => {
    const asked = serve(chunk);
    await load(new ImageSlices(SHAPE), 18);
    expect(asked).toEqual(['1/c/1/0/0', '0/c/2/0/0', '1/c/0/0/0', '0/c/1/0/0', '0/c/0/0/0']);
  });

  it('tells how far it is', async () => {
    serve(chunk);
    const seen = await load(new ImageSlices(SHAPE));
    expect(seen[0]).toEqual({ loadedSlices: 0, totalSlices: 20, level: 2 });
    expect(seen.some(({ level }) => level === 1)).toBe(true);
    expect(seen.at(-1)).toEqual({ loadedSlices: 20, totalSlices: 20, level: 0 });
  });

  it('tries again after an answer of 503 and after a lost connection', async () => {
    vi.useFakeTimers({ toFake: ['setTimeout'] });
    let calls = 0;
    serve((path) => {
      calls += 1;
      if (calls === 1) return new Response('', { status: 503 });
      if (calls === 2) throw new TypeError('network error');
      return chunk(path);
    });
    const image = new ImageSlices(SHAPE);
    const loading = load(image);
    await vi.advanceTimersByTimeAsync(5000);
    await loading;
    expect(image.isFull(0) && image.isFull(19)).toBe(true);
  });

  it.each([
    [404, 'not in the store'],
    [403, 'sign in again'],
  ])('gives up at once on %i, with a sentence', async (status, sentence) => {
    const asked = serve(() => new Response('', { status }));
    const failure = await load(new ImageSlices(SHAPE)).catch((error: unknown) => error);
    expect(failure).toBeInstanceOf(ViewerError);
    expect(failure).toMatchObject({ status, message: expect.stringContaining(sentence) });
    expect(asked.length).toBeLessThanOrEqual(4);
  });

  it('stops when it is told to', async () => {
    serve(chunk);
    const stop = new AbortController();
    stop.abort();
    const listener = { centreSlice: () => 0, onSlices: () => undefined, onProgress: () => undefined };
    await expect(loadImage(SOURCE, new ImageSlices(SHAPE), listener, stop.signal)).rejects.toThrow();
  });
});

/** Grey of HU 0 to 255 is the HU itself; what the painters look up. */
const TABLE = Uint32Array.from({ length: 65536 }, (_, bits) => bits);

function painted(image: ImageSlices, plane: 'axial' | 'sagittal' | 'coronal', slice: number): number[] {
  const { columns, rows } = sliceSize(image.shape, plane);
  const pixels = new Uint32Array(columns * rows);
  image.paint(plane, slice, TABLE, pixels);
  return [...pixels];
}

const AIR = -1024 & 0xffff;

describe('a slice that is only coarse so far', () => {
  it('shows each coarse voxel on 2 x 2 x 2 voxels and has no HU yet', () => {
    const image = new ImageSlices([4, 2, 4]);
    image.setCoarse({ shape: [2, 1, 2], step: 2, slices: [Int16Array.of(1, 2), Int16Array.of(3, 4)] });
    expect(painted(image, 'axial', 1)).toEqual([1, 1, 2, 2, 1, 1, 2, 2]);
    expect(painted(image, 'coronal', 1)).toEqual([1, 1, 2, 2, 1, 1, 2, 2, 3, 3, 4, 4, 3, 3, 4, 4]);
    expect(painted(image, 'sagittal', 2)).toEqual([2, 2, 2, 2, 4, 4, 4, 4]);
    expect(image.huAt(ijk(0, 0, 0))).toBeNull();
  });

  it('stretches the last voxel over what an odd size leaves', () => {
    const image = new ImageSlices([5, 1, 1]);
    image.setCoarse({ shape: [2, 1, 1], step: 2, slices: [Int16Array.of(1, 2)] });
    expect(painted(image, 'axial', 0)).toEqual([1, 1, 2, 2, 2]);
  });

  it('is air where nothing has arrived', () => {
    const image = new ImageSlices([2, 1, 2]);
    expect(painted(image, 'coronal', 0)).toEqual([AIR, AIR, AIR, AIR]);
  });

  it('gives way to the full slice', () => {
    const image = new ImageSlices([2, 1, 2]);
    image.setCoarse({ shape: [1, 1, 1], step: 2, slices: [Int16Array.of(9)] });
    image.writeFull(1, Int16Array.of(7, 8));
    expect(painted(image, 'sagittal', 1)).toEqual([9, 8]);
    expect(image.huAt(ijk(1, 0, 1))).toBe(8);
    expect(image.fullSlices).toBe(1);
  });
});

describe('prefetchImage', () => {
  it('is handed over to the load that follows, which then asks for no chunk twice', async () => {
    const asked = serve(chunk);
    await prefetchImage(SOURCE.url, SOURCE.levels, SOURCE.chunkSlices, new AbortController().signal);
    const ahead = asked.length;
    const image = new ImageSlices(SHAPE);
    await load(image);
    expect(ahead).toBe(5);
    expect(asked).toHaveLength(5);
    expect(image.huAt(ijk(1, 2, 19))).toBe(1921);
    await load(new ImageSlices(SHAPE));
    expect(asked).toHaveLength(10);
  });

  it('tells of what has arrived and of what will', async () => {
    serve(chunk);
    const told: string[] = [];
    const fetching = prefetchImage(
      SOURCE.url,
      SOURCE.levels,
      SOURCE.chunkSlices,
      new AbortController().signal,
    );
    watchAhead(SOURCE.url, ({ name }) => told.push(`${name.level}/${name.n}`));
    await fetching;
    expect(told[0]).toBe('1/0');
    expect(told).toHaveLength(5);
    const late: string[] = [];
    watchAhead(SOURCE.url, ({ name }) => late.push(`${name.level}/${name.n}`));
    expect(late.sort()).toEqual(told.sort());
  });

  it('fetches only the first slices while a viewer brings in another scan', async () => {
    const asked = serve(chunk);
    let finish = (): void => undefined;
    const other = beforeAhead(new Promise<void>((resolve) => (finish = resolve)));
    const { url, levels, chunkSlices } = SOURCE;
    const fetching = prefetchImage(url, levels, chunkSlices, new AbortController().signal);
    await new Promise((resume) => setTimeout(resume, 20));
    expect(asked).toEqual(['1/c/0/0/0', '0/c/1/0/0']);
    finish();
    await Promise.all([other, fetching]);
    expect(asked).toHaveLength(5);
  });

  it('is dropped when it is told to stop', async () => {
    const asked = serve(chunk);
    const stop = new AbortController();
    await prefetchImage(SOURCE.url, SOURCE.levels, SOURCE.chunkSlices, stop.signal);
    stop.abort();
    await load(new ImageSlices(SHAPE));
    expect(asked).toHaveLength(10);
  });
});

describe('takeNearest', () => {
  it('goes outward from a slice and ends with null', () => {
    const chunks = [0, 1, 2, 3];
    expect([1, 2, 3, 4, 5].map(() => takeNearest(chunks, 8, 17))).toEqual([2, 1, 3, 0, null]);
  });
});
