import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Assignment } from '../../api';
import { prefetchImage } from '../../viewer';
import { askFirst, imagesGoOn, takeHandedOver } from './goOn';

const READ = { id: 7 } as Assignment;
const SHAPE = [8, 8, 64] as const;
const LEVELS = [{ shape: SHAPE, spacing_mm: [1, 1, 1] as const, path: '0' }];

let asked: string[] = [];
let isAnswered = false;

/** A server that answers the first two parts of a scan, the others when it is told to. */
function answer(url: string, { signal }: RequestInit): Promise<Response> {
  asked.push(url);
  const part = new Response(new ArrayBuffer(2 * 8 * 8 * 8));
  if (asked.length <= 2 || isAnswered) return Promise.resolve(part);
  return new Promise((_, fail) => signal?.addEventListener('abort', () => fail(signal.reason)));
}

const settled = () => new Promise((resume) => setTimeout(resume, 0));

beforeEach(() => {
  asked = [];
  isAnswered = false;
  vi.stubGlobal('fetch', vi.fn(answer));
});

afterEach(() => {
  imagesGoOn();
  takeHandedOver(0);
  vi.unstubAllGlobals();
});

describe('askFirst', () => {
  it('holds scans back from the press until the page of the case asks for its own', async () => {
    const leaving = new AbortController();
    const ahead = prefetchImage('/a', LEVELS, 8, leaving.signal);
    await settled();
    const before = asked.length;
    expect(before).toBeGreaterThan(2);
    let settle: (answer: { assignment: number; read: Assignment }) => void = () => undefined;
    const asking = askFirst(
      () =>
        new Promise<{ assignment: number; read: Assignment }>((s) => {
          settle = s;
        }),
    );
    await settled();
    isAnswered = true;
    settle({ assignment: 7, read: READ });
    await asking;
    await settled();
    expect(asked.length).toBe(before);
    imagesGoOn();
    await ahead;
    expect(new Set(asked).size).toBe(8);
  });

  it('lets scans come again where there is no case, and where asking fails', async () => {
    const leaving = new AbortController();
    const ahead = prefetchImage('/b', LEVELS, 8, leaving.signal);
    await settled();
    await askFirst(async () => ({ assignment: null }));
    await expect(askFirst(() => Promise.reject(new Error('offline')))).rejects.toThrow('offline');
    isAnswered = true;
    leaving.abort();
    await expect(ahead).rejects.toThrow();
    await prefetchImage('/c', LEVELS, 8, new AbortController().signal);
    expect(asked.filter((url) => url.startsWith('/c'))).toHaveLength(8);
  });
});

describe('takeHandedOver', () => {
  it('gives what came with the answer once, to its own page', async () => {
    await askFirst(async () => ({ assignment: 7, read: READ }));
    expect(takeHandedOver(7)).toBe(READ);
    expect(takeHandedOver(7)).toBeNull();
  });

  it('gives nothing to another page, nor what is old', async () => {
    await askFirst(async () => ({ assignment: 7, read: READ }));
    expect(takeHandedOver(8)).toBeNull();
    vi.useFakeTimers({ now: 0 });
    await askFirst(async () => ({ assignment: 7, read: READ }));
    vi.setSystemTime(6_000);
    expect(takeHandedOver(7)).toBeNull();
    vi.useRealTimers();
  });
});
