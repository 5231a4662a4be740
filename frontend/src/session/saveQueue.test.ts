import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { type EditTool, encodeEdits, ijk, type SliceRuns, type Triple } from '../voxels';
import { FakeServer } from './fakeServer';
import { type KeptStroke, Outbox } from './outbox';
import { SaveQueue } from './saveQueue';
import type { SaveState } from './saveState';
import type { DrawnStroke } from './strokeKeeper';

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
  const options = { assignment, user: 'ana', head: server.mask(assignment).head, columns: 8, outbox };
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
  return { delta: runs, events: [{ tool, structure: 1, layer: 0, added: 1, removed: 0 }] };
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

test('strokes on a mask that went on become a branch, and so do those that follow', async () => {
  const queue = await openQueue();
  queue.start(null);
  queue.push(stroke([run(2, 3, 1, 4)]));
  await until(queue, 'saved');
  server.mask(FIRST).head = 5;
  queue.push(stroke([run(0, 0, 1, 1)]));
  queue.push(stroke([run(0, 1, 1, 1)]));
  await until(queue, 'branched');
  const said = { kind: 'branched', strokes: 0, branch: '900', kept: 2, detail: 'The mask has moved on.' };
  expect(queue.state).toEqual(said);
  queue.push(stroke([run(0, 2, 1, 1)]));
  expect(queue.state).toEqual({ ...said, strokes: 1 });
  await vi.waitFor(() => expect(queue.state).toEqual({ ...said, kept: 3 }), { interval: 2 });
  expect(valueOnServer(FIRST, 0, 0, 0)).toBe(0);
  const [kept, ...others] = server.branches;
  expect(others).toEqual([]);
  expect(kept?.branch.base_revision).toBe(2);
  expect([0, 1, 2].map((i) => kept?.map.valueAt(0, ijk(i, 0, 0)))).toEqual([1, 1, 1]);
  expect(kept?.map.valueAt(0, ijk(3, 0, 2))).toBe(4);
  expect(await outbox.waiting('ana')).toEqual([]);
});

test('a branch whose answer was lost, or whose tab died, is not made twice', async () => {
  const queue = await openQueue();
  queue.start(null);
  server.mask(FIRST).head = 5;
  server.failNext(409, 'answerLost', 'hangs');
  queue.push(stroke([run(0, 0, 1, 1)]));
  await vi.waitFor(() => expect(server.requests).toBe(3), { interval: 2 });
  queue.close();
  const reopened = await openQueue();
  expect(reopened.restored).toEqual([]);
  expect(reopened.state).toEqual({ kind: 'saved' });
  expect(reopened.head).toBe(5);
  expect(server.branches).toHaveLength(1);
  reopened.start(null);
  reopened.push(stroke([run(1, 5, 1, 2)]));
  await until(reopened, 'saved');
  expect(valueOnServer(FIRST, 5, 0, 1)).toBe(2);
});

test('strokes of an earlier life on an older revision are settled as a branch before the case opens', async () => {
  const before = await openQueue(FIRST, 60_000);
  before.push(stroke([run(0, 0, 1, 1)]));
  await vi.waitFor(async () => expect(await outbox.waiting('ana')).toHaveLength(1), { interval: 2 });
  before.close();
  server.mask(FIRST).head = 4;
  const after = await openQueue();
  expect(after.restored).toEqual([]);
  expect(after.openedAt).toBe(4);
  expect(after.settled).toMatchObject({ branch: '900', strokes: 1 });
  expect(server.branches.map(({ branch }) => branch.base_revision)).toEqual([1]);
});

test('without a network they are shown again, and become a branch when it is back', async () => {
  const before = await openQueue(FIRST, 60_000);
  before.push(stroke([run(0, 0, 1, 1)]));
  await vi.waitFor(async () => expect(await outbox.waiting('ana')).toHaveLength(1), { interval: 2 });
  before.close();
  server.mask(FIRST).head = 4;
  server.failNext('hangs');
  const options = {
    assignment: FIRST,
    user: 'ana',
    head: 4,
    columns: 8,
    outbox,
    retryAfterMs: 5,
    settleMs: 10,
  };
  const after = await SaveQueue.open(options);
  open.push(after);
  expect(after.restored).toHaveLength(1);
  expect(after.state).toMatchObject({ kind: 'conflict', strokes: 1 });
  after.close();
  const online = await openQueue();
  expect(online.restored).toEqual([]);
  expect(server.branches).toHaveLength(1);
});

test('a conflict whose branch is refused keeps the strokes until the reader decides', async () => {
  const queue = await openQueue();
  queue.start(null);
  server.mask(FIRST).head = 5;
  server.failNext(409, 413);
  queue.push(stroke([run(0, 0, 1, 1)]));
  await vi.waitFor(() => expect(server.requests).toBe(2), { interval: 2 });
  await vi.waitFor(() => expect(queue.state).toMatchObject({ detail: 'The fake server says 413.' }));
  queue.push(stroke([run(0, 1, 1, 1)]));
  await new Promise((resume) => setTimeout(resume, 30));
  expect(queue.state).toEqual({ kind: 'conflict', strokes: 2, detail: 'The fake server says 413.' });
  expect(server.requests).toBe(2);
  expect(await queue.rebase(5)).toEqual({ kind: 'saved' });
  expect(queue.head).toBe(6);
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
  expect((await queue.resume()).kind).toBe('saved');
  expect(valueOnServer(FIRST, 1, 0, 0)).toBe(1);
});

test('a server that forbids saving to somebody who has just signed in is not asked for the password again', async () => {
  server.failNext(401, 403, 401);
  const queue = await openQueue();
  queue.start(null);
  queue.push(stroke([run(0, 0, 1, 1)]));
  await until(queue, 'signedOut');
  expect(await queue.resume()).toEqual({ kind: 'refused', strokes: 1, detail: 'The fake server says 403.' });
  expect((await queue.resume()).kind).toBe('signedOut');
  expect((await queue.resume()).kind).toBe('saved');
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
  server.failNext(413);
  first.push(stroke([run(0, 0, 1, 1)]));
  await until(first, 'refused');
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

test('a stroke that is still being drawn is kept, and the finished one takes its place', async () => {
  const dying = await openQueue(FIRST, 60_000);
  dying.push(stroke([run(0, 0, 1, 1)]));
  dying.keepDraft(stroke([run(1, 0, 2, 3)]));
  dying.keepDraft(stroke([run(1, 0, 3, 3)]));
  await vi.waitFor(async () => expect((await outbox.kept(FIRST)).strokes).toHaveLength(2), { interval: 2 });
  dying.close();
  const after = await openQueue(FIRST, 60_000);
  expect(after.restored.map(({ lengths }) => [...lengths])).toEqual([[1], [3]]);
  after.keepDraft(stroke([run(2, 0, 1, 5)]));
  after.push(stroke([run(2, 0, 4, 5)]));
  after.keepDraft(stroke([run(2, 6, 1, 6)]));
  after.dropDraft();
  expect((await after.flush()).kind).toBe('saved');
  expect(valueOnServer(FIRST, 2, 0, 1)).toBe(3);
  expect(valueOnServer(FIRST, 3, 0, 2)).toBe(5);
  expect(valueOnServer(FIRST, 6, 0, 2)).toBe(0);
  expect((await outbox.kept(FIRST)).strokes).toEqual([]);
});

test('a draft is not sent while it is drawn', async () => {
  const queue = await openQueue();
  queue.start(null);
  queue.keepDraft(stroke([run(0, 0, 1, 1)]));
  expect(queue.state).toEqual({ kind: 'saved' });
  queue.push(stroke([run(0, 0, 2, 1)]));
  await until(queue, 'saved');
  expect(server.metas.map(({ events }) => events.length)).toEqual([1]);
});

test('strokes of an earlier life go out on their own, so that the case they make has a revision', async () => {
  const before = await openQueue(FIRST, 60_000);
  before.push(stroke([run(0, 0, 1, 1)]));
  await vi.waitFor(async () => expect(await outbox.waiting('ana')).toHaveLength(1), { interval: 2 });
  before.close();
  const after = await openQueue(FIRST, 60_000);
  expect(after.openedAt).toBeNull();
  after.push(stroke([run(0, 1, 1, 1)]));
  await after.flush();
  expect(server.metas.map(({ events }) => events.length)).toEqual([1, 1]);
  expect(after.openedAt).toBe(2);
  expect(after.head).toBe(3);
});

test('a stroke longer than a body is cut, and still counts as one', async () => {
  server = new FakeServer([1024, 512, 8]);
  server.install();
  const every2nd = (k: number): SliceRuns => ({
    layer: 0,
    k,
    starts: Uint32Array.from({ length: 2 ** 17 }, (_, r) => 2 * r),
    lengths: new Uint32Array(2 ** 17).fill(1),
    values: new Uint8Array(2 ** 17).fill(k + 1),
  });
  const queue = await openQueue(FIRST, 60_000);
  queue.push(stroke([0, 1, 2, 3, 4, 5, 6, 7].map(every2nd)));
  queue.push(stroke([run(0, 1, 1, 9)]));
  expect(queue.state).toEqual({ kind: 'saving', strokes: 2 });
  expect((await queue.flush()).kind).toBe('saved');
  expect(server.metas.length).toBeGreaterThan(2);
  expect(server.metas.flatMap(({ events }) => events)).toHaveLength(2);
  expect([0, 3, 7].map((k) => valueOnServer(FIRST, 10, 0, k))).toEqual([1, 4, 8]);
  expect(valueOnServer(FIRST, 1, 0, 0)).toBe(9);
});

test('a stroke that changed many structures takes a body of its own when there is no room for its events', async () => {
  const many = Array.from({ length: 600 }, (_, n) => ({
    tool: 'smooth' as const,
    structure: 1 + (n % 254),
    layer: 0,
    added: 1,
    removed: 0,
  }));
  const queue = await openQueue(FIRST, 60_000);
  queue.push({ delta: [run(0, 0, 1, 1)], events: many });
  queue.push({ delta: [run(0, 1, 1, 1)], events: many });
  await queue.flush();
  expect(server.metas.map(({ events }) => events.length)).toEqual([600, 600]);
});

test('strokes kept by an earlier version are sent', async () => {
  const old = { assignment: FIRST, order: 1, user: 'ana', edits: encodeEdits([run(0, 4, 1, 6)]) };
  const event = { tool: 'brush', structure: 6, layer: 0, added: 1, removed: 0 };
  await outbox.put({ ...old, event } as unknown as KeptStroke, { assignment: FIRST, revision: 1 });
  const queue = await openQueue();
  expect((await queue.flush()).kind).toBe('saved');
  expect(server.metas[0]?.events).toEqual([event]);
  expect(valueOnServer(FIRST, 4, 0, 0)).toBe(6);
});
