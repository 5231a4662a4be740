import 'fake-indexeddb/auto';
import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { EditEngine, type LabelMap, type SliceRuns, type StrokeRecord, type Triple } from '../voxels';
import { FakeServer } from './fakeServer';
import { Outbox } from './outbox';
import { PastRevisions } from './pastRevisions';
import { SaveQueue } from './saveQueue';

const SHAPE: Triple = [64, 128, 3];
const CASE = 11;

let server: FakeServer;
let name = 0;
const closing: (() => void)[] = [];

beforeEach(() => {
  server = new FakeServer(SHAPE);
  server.install();
});

afterEach(() => {
  for (const close of closing.splice(0)) close();
  vi.unstubAllGlobals();
});

interface Opened {
  readonly engine: EditEngine;
  readonly queue: SaveQueue;
}

async function openCase(flushAfterMs = 10_000): Promise<Opened> {
  name += 1;
  const outbox = await Outbox.open(`made-${name}`);
  const { head, map } = server.mask(CASE);
  const options = { assignment: CASE, user: 'ana', head, columns: SHAPE[0], outbox, flushAfterMs };
  const queue = await SaveQueue.open({ ...options, retryAfterMs: 1 });
  closing.push(() => {
    queue.close();
    outbox.close();
  });
  return { engine: new EditEngine(map.copy(), [1, 1, 1]), queue };
}

/** Every second row of a slice becomes stripes, so that the voxels take more bytes than are sent together. */
function stripes(k: number, value: number): SliceRuns {
  const rows = SHAPE[1] / 2;
  const starts = Uint32Array.from(
    { length: rows * 32 },
    (_, n) => 64 * 2 * Math.floor(n / 32) + 2 * (n % 32),
  );
  const lengths = new Uint32Array(starts.length).fill(1);
  const values = Uint8Array.from(starts, (start) => 1 + ((value + start) % 3));
  return { layer: 0, k, starts, lengths, values };
}

function dot(at: number, value: number): SliceRuns {
  return {
    layer: 0,
    k: 1,
    starts: Uint32Array.of(at),
    lengths: Uint32Array.of(5),
    values: Uint8Array.of(value),
  };
}

function draw({ engine, queue }: Opened, runs: SliceRuns): void {
  push(queue, engine.take('draw', { layer: 0, value: 1 }, [runs]));
}

function push(queue: SaveQueue, record: StrokeRecord | null): void {
  if (record !== null) queue.push(record);
}

function expectSame(map: LabelMap): void {
  expect(map.layerVoxels(0)).toEqual(server.mask(CASE).map.layerVoxels(0));
}

describe('an undo', () => {
  it('names the revision that a long stroke became, and so does the undo of its redo', async () => {
    const opened = await openCase();
    const { engine, queue } = opened;
    draw(opened, stripes(0, 1));
    await queue.flush();
    push(queue, engine.undo());
    await queue.flush();
    expect([server.undone, server.metas.length]).toEqual([[2], 1]);
    expectSame(engine.map);
    push(queue, engine.redo());
    await queue.flush();
    push(queue, engine.undo());
    await queue.flush();
    expect([server.undone, server.metas.length]).toEqual([[2, 4], 2]);
    expectSame(engine.map);
  });

  it('names it also where it is pressed before the stroke was sent, among others', async () => {
    const opened = await openCase();
    const { engine, queue } = opened;
    draw(opened, dot(3, 1));
    draw(opened, stripes(0, 2));
    push(queue, engine.undo());
    draw(opened, dot(90, 2));
    await queue.flush();
    expect(server.undone).toEqual([3]);
    expectSame(engine.map);
  });

  it('sends voxels where the stroke was sent together with others', async () => {
    const opened = await openCase();
    const { engine, queue } = opened;
    draw(opened, dot(3, 1));
    draw(opened, dot(5, 2));
    await queue.flush();
    push(queue, engine.undo());
    await queue.flush();
    expect(server.undone).toEqual([]);
    expectSame(engine.map);
  });

  it('sends voxels where the server cannot take the revision back', async () => {
    const opened = await openCase();
    const { engine, queue } = opened;
    draw(opened, stripes(0, 1));
    await queue.flush();
    push(queue, engine.undo());
    server.failNext(400);
    expect((await queue.flush()).kind).toBe('saved');
    expect(server.metas).toHaveLength(2);
    expectSame(engine.map);
  });

  it('goes to a branch as voxels where the mask went on without it', async () => {
    const opened = await openCase();
    const { engine, queue } = opened;
    draw(opened, stripes(0, 1));
    await queue.flush();
    server.mask(CASE).head += 1;
    push(queue, engine.undo());
    expect((await queue.flush()).kind).toBe('branched');
    expect(server.branches[0]?.map.layerVoxels(0)).toEqual(engine.map.layerVoxels(0));
  });

  it('names revisions of before the case was opened', async () => {
    const before = await openCase();
    draw(before, stripes(0, 1));
    await before.queue.flush();
    const { engine, queue } = await openCase();
    const onFound = (step: object, revision: number) => queue.made.set(step, revision);
    const past = new PastRevisions({ engine, mask: String(CASE), openedAt: () => queue.openedAt, onFound });
    push(queue, await past.undo());
    await queue.flush();
    expect(server.undone).toEqual([2]);
    expectSame(engine.map);
  });
});

type Act = {
  readonly kind: 'stripes' | 'dot' | 'undo' | 'redo' | 'flush' | 'answerLost' | 'unreachable' | 'refused';
  readonly at: number;
};

const KINDS = [
  'stripes',
  'stripes',
  'stripes',
  'dot',
  'dot',
  'undo',
  'undo',
  'undo',
  'redo',
  'flush',
  'flush',
  'answerLost',
  'unreachable',
  'refused',
] as const;

const acts = fc.array(
  fc.record({ kind: fc.constantFrom(...KINDS), at: fc.nat({ max: 40 }) }) as fc.Arbitrary<Act>,
  { minLength: 4, maxLength: 30 },
);

async function perform(opened: Opened, { kind, at }: Act): Promise<void> {
  const { engine, queue } = opened;
  if (kind === 'stripes') draw(opened, stripes(at % 3, at));
  else if (kind === 'dot') draw(opened, dot(at * 7, at % 4));
  else if (kind === 'undo') push(queue, engine.undo());
  else if (kind === 'redo') push(queue, engine.redo());
  else if (kind === 'flush') await queue.flush();
  else server.failNext(kind === 'refused' ? 400 : kind);
}

describe('any sequence of strokes, undos, redos and faults', () => {
  it('leaves the server with what the reader sees, byte for byte', async () => {
    let named = 0;
    await fc.assert(
      fc.asyncProperty(acts, async (sequence) => {
        server = new FakeServer(SHAPE);
        server.install();
        const opened = await openCase();
        for (const act of sequence) await perform(opened, act);
        server.failNext();
        for (let n = 0; opened.queue.state.kind !== 'saved'; n++) {
          expect(n).toBeLessThan(50);
          await opened.queue.retry();
        }
        named += server.undone.length;
        expectSame(opened.engine.map);
      }),
      { numRuns: 40 },
    );
    expect(named).toBeGreaterThan(5);
  });
});
