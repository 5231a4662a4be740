import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EditTool, ijk, type SliceRuns, type Triple } from '../voxels';
import { FakeServer } from './fakeServer';
import { Outbox } from './outbox';
import { type DrawnStroke, SaveQueue, type SaveState } from './saveQueue';

const SHAPE: Triple = [8, 4, 3];
const FIRST = 11;
const SECOND = 12;

let server: FakeServer;
let outbox: Outbox;
let name = 0;
const open: SaveQueue[] = [];

beforeEach(async () => {
  server = new FakeServer(SHAPE);
  server.install();
  name += 1;
  outbox = await Outbox.open(`outbox-${name}`);
});

afterEach(() => {
  for (const queue of open.splice(0)) {
    queue.close();
  }
  outbox.close();
  vi.unstubAllGlobals();
});

async function openQueue(assignment = FIRST, flushAfterMs = 5): Promise<SaveQueue> {
  const options = { assignment, user: 'ana', head: server.mask(assignment).head, outbox };
  const queue = await SaveQueue.open({ ...options, flushAfterMs, retryAfterMs: 5 });
  open.push(queue);
  return queue;
}

function run(k: number, start: number, length: number, value: number): SliceRuns {
  return {
    layer: 0,
    k,
    starts: Uint32Array.of(start),
    lengths: Uint32Array.of(length),
    values: Uint8Array.of(value),
  };
}

function stroke(runs: readonly SliceRuns[], tool: EditTool = 'brush'): DrawnStroke {
  return { delta: runs, event: { tool, structure: 1, layer: 0, added: 1, removed: 0 } };
}

function until(queue: SaveQueue, kind: SaveState['kind']): Promise<void> {
  return vi.waitFor(() => expect(queue.state.kind).toBe(kind), { timeout: 2000, interval: 2 });
}

function valueOnServer(assignment: number, i: number, j: number, k: number): number {
  return server.mask(assignment).map.valueAt(0, ijk(i, j, k));
}

test('strokes of one flush go out as one revision in which the later stroke wins', async () => {
  const queue = await openQueue();
  queue.start(77);
  queue.push(stroke([run(1, 0, 6, 1)]));
  queue.push(stroke([run(1, 2, 2, 3), run(2, 8, 1, 3)]));
  queue.push(stroke([run(1, 3, 1, 0)], 'eraser'));
  expect(queue.state).toEqual({ kind: 'saving', strokes: 3 });
  await until(queue, 'saved');
  const rowOfSlice1 = [0, 1, 2, 3, 4, 5, 6].map((i) => valueOnServer(FIRST, i, 0, 1));
  expect(rowOfSlice1).toEqual([1, 1, 3, 0, 1, 1, 0]);
  expect(valueOnServer(FIRST, 0, 1, 2)).toBe(3);
  expect(server.metas).toHaveLength(1);
  expect(server.metas[0]?.session).toBe(77);
  expect(server.metas[0]?.events.map((event) => event.tool)).toEqual(['brush', 'brush', 'eraser']);
  expect(queue.head).toBe(2);
});

test('flushes follow one another on the last acknowledged revision, one in flight', async () => {
  const queue = await openQueue(FIRST, 0);
  queue.start(null);
  for (let n = 0; n < 6; n++) {
    queue.push(stroke([run(0, 0, 1, n + 1)]));
    await new Promise((resume) => setTimeout(resume, 3));
  }
  await until(queue, 'saved');
  expect(valueOnServer(FIRST, 0, 0, 0)).toBe(6);
  expect(server.mostInFlight).toBe(1);
  expect(server.metas.length).toBeGreaterThan(1);
  expect(server.metas.map((meta) => meta.base_revision)).toEqual(server.metas.map((_, n) => n + 1));
  expect(new Set(server.metas.map((meta) => meta.key)).size).toBe(server.metas.length);
});

test('a dead network keeps every stroke and the retry carries the same key', async () => {
  server.failNext('unreachable', 'unreachable');
  const seen: SaveState[] = [];
  const queue = await openQueue();
  queue.subscribe(() => seen.push(queue.state));
  queue.start(null);
  queue.push(stroke([run(0, 0, 2, 1)]));
  queue.push(stroke([run(0, 2, 2, 1)]));
  await until(queue, 'saved');
  expect(seen.filter((state) => state.kind === 'offline').map((state) => state.strokes)).toContain(2);
  expect(server.requests).toBe(3);
  expect(valueOnServer(FIRST, 3, 0, 0)).toBe(1);
});

test('an answer lost on the way is not applied twice', async () => {
  server.failNext('answerLost');
  const queue = await openQueue();
  queue.start(null);
  queue.push(stroke([run(0, 0, 2, 1)]));
  await until(queue, 'saved');
  expect(server.metas).toHaveLength(2);
  expect(server.metas[0]?.key).toBe(server.metas[1]?.key);
  expect(server.mask(FIRST).head).toBe(2);
  expect(queue.head).toBe(2);
});

test('a server fault counts as offline and heals by itself', async () => {
  server.failNext(503);
  const queue = await openQueue();
  queue.start(null);
  queue.push(stroke([run(0, 0, 2, 1)]));
  await until(queue, 'offline');
  await until(queue, 'saved');
});

test('a tab that dies between keeping and sending loses nothing', async () => {
  const before = await openQueue(FIRST, 60_000);
  before.start(null);
  before.push(stroke([run(1, 4, 2, 2)]));
  before.push(stroke([run(1, 5, 1, 0)], 'eraser'));
  before.close();
  expect(server.requests).toBe(0);

  const after = await openQueue();
  expect(after.state).toEqual({ kind: 'saving', strokes: 2 });
  expect(after.restored).toEqual([run(1, 4, 2, 2), run(1, 5, 1, 0)]);
  after.start(null);
  await until(after, 'saved');
  expect([4, 5].map((i) => valueOnServer(FIRST, i, 0, 1))).toEqual([2, 0]);
  expect((await openQueue()).restored).toEqual([]);
});

test('a tab that dies between sending and the answer sends the same key again', async () => {
  server.failNext('answerLost', 'hangs');
  const before = await openQueue();
  before.start(null);
  before.push(stroke([run(1, 4, 2, 2)]));
  await vi.waitFor(() => expect(server.requests).toBe(2), { interval: 2 });
  before.close();

  const after = await openQueue();
  after.start(null);
  after.push(stroke([run(1, 6, 1, 5)]));
  await until(after, 'saved');
  const [sent, again, next] = server.metas;
  expect(again?.key).toBe(sent?.key);
  expect(again?.base_revision).toBe(1);
  expect(next?.base_revision).toBe(2);
  expect(server.mask(FIRST).head).toBe(3);
  expect(valueOnServer(FIRST, 6, 0, 1)).toBe(5);
});

test('a conflict keeps the strokes until the reader decides, then they go on top', async () => {
  const queue = await openQueue();
  queue.start(null);
  server.mask(FIRST).head = 5;
  queue.push(stroke([run(0, 0, 1, 1)]));
  await until(queue, 'conflict');
  queue.push(stroke([run(0, 1, 1, 1)]));
  await new Promise((resume) => setTimeout(resume, 30));
  expect(queue.state).toEqual({ kind: 'conflict', strokes: 2, detail: 'The mask has moved on.' });
  expect(server.requests).toBe(1);

  const reopened = await openQueue();
  reopened.start(null);
  await until(reopened, 'conflict');

  expect(await reopened.rebase(5)).toEqual({ kind: 'saved' });
  expect(reopened.head).toBe(6);
  expect(valueOnServer(FIRST, 1, 0, 0)).toBe(1);
});

test('an expired login keeps the strokes and sends them after signing in again', async () => {
  server.failNext(401, 403);
  const queue = await openQueue();
  queue.start(null);
  queue.push(stroke([run(0, 0, 1, 1)]));
  await until(queue, 'signedOut');
  queue.push(stroke([run(0, 1, 1, 1)]));
  expect((await queue.retry()).kind).toBe('signedOut');
  expect(queue.state).toMatchObject({ strokes: 2 });
  expect((await queue.retry()).kind).toBe('saved');
  expect(valueOnServer(FIRST, 1, 0, 0)).toBe(1);
});

test('a refusal is shown with its sentence and keeps the strokes until they are discarded', async () => {
  server.failNext(413);
  const queue = await openQueue();
  queue.start(null);
  queue.push(stroke([run(0, 0, 1, 1)]));
  await until(queue, 'refused');
  expect(queue.state).toEqual({ kind: 'refused', strokes: 1, detail: 'The fake server says 413.' });
  expect((await openQueue()).state).toEqual({ kind: 'saving', strokes: 1 });
  await queue.discard();
  expect(queue.state).toEqual({ kind: 'saved' });
  expect((await openQueue()).restored).toEqual([]);
});

test('two assignments have two queues that do not wait for one another', async () => {
  const first = await openQueue(FIRST);
  const second = await openQueue(SECOND);
  first.start(null);
  second.start(null);
  server.failNext(409);
  first.push(stroke([run(0, 0, 1, 1)]));
  await until(first, 'conflict');
  second.push(stroke([run(2, 0, 1, 7)]));
  await until(second, 'saved');
  expect(valueOnServer(SECOND, 0, 0, 2)).toBe(7);
  expect(valueOnServer(FIRST, 0, 0, 0)).toBe(0);
  expect(await outbox.waiting('ana')).toEqual([{ assignment: FIRST, strokes: 1 }]);
  expect(await outbox.waiting('rui')).toEqual([]);
});

test('hours of work without a network go out in several bodies, in order', async () => {
  const offline = await openQueue(FIRST, 60_000);
  for (let n = 1; n <= 250; n++) {
    offline.push(stroke([run(0, n % 8, 1, n % 200), run(1, 0, 1, n % 251)]));
  }
  expect((await offline.flush()).kind).toBe('saved');
  expect(server.metas.map((meta) => meta.events.length)).toEqual([100, 100, 50]);
  expect(valueOnServer(FIRST, 0, 0, 1)).toBe(250);
});

test('a browser that refuses to keep strokes still sends them and says so', async () => {
  const queue = await openQueue();
  queue.start(null);
  outbox.close();
  queue.push(stroke([run(0, 0, 1, 1)]));
  await until(queue, 'saved');
  expect(queue.durable).toBe(false);
  expect(valueOnServer(FIRST, 0, 0, 0)).toBe(1);
});
