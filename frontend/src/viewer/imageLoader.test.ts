import { afterEach, describe, expect, it, vi } from 'vitest';
import type { Triple } from '../voxels';
import { type ImageSource, loadImage, takeNearest } from './imageLoader';
import { ImageSlices } from './imageSlices';
import { type LoadProgress, ViewerError } from './port';

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

  it('asks for the coarse level first, then for the chunks around the shown slice', async () => {
    const asked = serve(chunk);
    await load(new ImageSlices(SHAPE), 18);
    expect(asked).toEqual(['1/c/0/0/0', '1/c/1/0/0', '0/c/2/0/0', '0/c/1/0/0', '0/c/0/0/0']);
  });

  it('tells how far it is', async () => {
    serve(chunk);
    const seen = await load(new ImageSlices(SHAPE));
    expect(seen[0]).toEqual({ loadedSlices: 0, totalSlices: 20, level: 1 });
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
    expect(asked).toHaveLength(2);
  });

  it('stops when it is told to', async () => {
    serve(chunk);
    const stop = new AbortController();
    stop.abort();
    const listener = { centreSlice: () => 0, onSlices: () => undefined, onProgress: () => undefined };
    await expect(loadImage(SOURCE, new ImageSlices(SHAPE), listener, stop.signal)).rejects.toThrow();
  });
});

describe('a slice that is only coarse so far', () => {
  it('shows each coarse voxel on 2 x 2 voxels and has no HU yet', () => {
    const image = new ImageSlices(SHAPE);
    expect(image.writeCoarse(3, Int16Array.of(1, 2, 3, 4, 5, 6), COARSE, 2, 1)).toBe(true);
    expect([...(image.slices[3] ?? [])]).toEqual([
      1, 1, 2, 2, 3, 3, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 4, 4, 5, 5, 6, 6,
    ]);
    expect(image.isFull(3)).toBe(false);
  });

  it('stretches the last voxel over what an odd size leaves', () => {
    const image = new ImageSlices([5, 1, 1]);
    image.writeCoarse(0, Int16Array.of(1, 2), [2, 1, 1], 2, 1);
    expect([...(image.slices[0] ?? [])]).toEqual([1, 1, 2, 2, 2]);
  });

  it('never writes over a slice that is finer', () => {
    const image = new ImageSlices([2, 1, 1]);
    image.writeFull(0, Int16Array.of(7, 8));
    expect(image.writeCoarse(0, Int16Array.of(1), [1, 1, 1], 2, 1)).toBe(false);
    expect([...(image.slices[0] ?? [])]).toEqual([7, 8]);
  });
});

describe('takeNearest', () => {
  it('goes outward from a slice and ends with null', () => {
    const chunks = [0, 1, 2, 3];
    expect([1, 2, 3, 4, 5].map(() => takeNearest(chunks, 8, 17))).toEqual([2, 1, 3, 0, null]);
  });
});
