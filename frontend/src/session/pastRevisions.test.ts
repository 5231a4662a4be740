import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { applyEdits, EditEngine, ijk, LabelMap, type StrokeRecord, type Triple } from '../voxels';
import { FakeServer } from './fakeServer';
import { Outbox } from './outbox';
import { PastRevisions } from './pastRevisions';
import { SaveQueue } from './saveQueue';

const SHAPE: Triple = [8, 6, 4];
const CASE = 3;

let server: FakeServer;
let outbox: Outbox;
let name = 0;

beforeEach(async () => {
  server = new FakeServer(SHAPE);
  server.install();
  // Revision 0 is the base of the mask, which the fake server's masks begin with.
  server.mask(CASE).history.set(0, LabelMap.empty(SHAPE, 1));
  name += 1;
  outbox = await Outbox.open(`past-${name}`);
});

afterEach(() => {
  outbox.close();
  vi.unstubAllGlobals();
});

interface Opened {
  readonly engine: EditEngine;
  readonly queue: SaveQueue;
  readonly past: PastRevisions;
}

async function openCase(): Promise<Opened> {
  const { head, map } = server.mask(CASE);
  const queue = await SaveQueue.open({
    assignment: CASE,
    user: 'ana',
    head,
    columns: 8,
    outbox,
    flushAfterMs: 60_000,
  });
  const own = map.copy();
  applyEdits(own, queue.restored);
  const engine = new EditEngine(own, [1, 1, 1]);
  const past = new PastRevisions({ engine, mask: String(CASE), openedAt: () => queue.openedAt });
  return { engine, queue, past };
}

function draw({ engine, queue }: Opened, i: number, value: number): void {
  engine.begin({ tool: 'brush', layer: 0, value });
  engine.stamp({ from: ijk(i, 2, 1), to: ijk(i + 1, 3, 2), radius_mm: 1.5, plane: null });
  push(queue, engine.commit());
}

function push(queue: SaveQueue, record: StrokeRecord | null): StrokeRecord | null {
  if (record !== null) {
    queue.push(record);
  }
  return record;
}

function expectSame(map: LabelMap, other: LabelMap | undefined): void {
  expect([...map.layerVoxels(0)]).toEqual([...(other ?? LabelMap.empty(SHAPE, 1)).layerVoxels(0)]);
}

/** Three revisions of one stroke each, saved by a tab that was closed. */
async function drawnBefore(): Promise<void> {
  const opened = await openCase();
  for (const [i, value] of [
    [1, 1],
    [3, 2],
    [4, 3],
  ] as const) {
    draw(opened, i, value);
    await opened.queue.flush();
  }
  opened.queue.close();
}

test('after a reload undo goes back revision by revision, and redo comes forward again', async () => {
  await drawnBefore();
  const end = server.mask(CASE).map.copy();
  const { engine, queue, past } = await openCase();
  for (const revision of [3, 2, 1]) {
    expect(push(queue, await past.undo())).toMatchObject({ tool: 'undo', added: expect.any(Number) });
    expectSame(engine.map, server.mask(CASE).history.get(revision));
  }
  // From revision 1 to the base nothing changed, so that nothing is left.
  expect(await past.undo()).toBeNull();
  expect(past.canUndo).toBe(false);
  while (push(queue, engine.redo()) !== null);
  expectSame(engine.map, end);
  await queue.flush();
  expectSame(server.mask(CASE).map, end);
});

test('what was drawn since comes first, and the past goes on where it was', async () => {
  await drawnBefore();
  const opened = await openCase();
  const { engine, past } = opened;
  expect(await past.undo()).not.toBeNull();
  draw(opened, 5, 4);
  expect(engine.canRedo).toBe(false);
  expect(await past.undo()).toBeNull();
  engine.undo();
  expectSame(engine.map, server.mask(CASE).history.get(3));
  expect(await past.undo()).not.toBeNull();
  expectSame(engine.map, server.mask(CASE).history.get(2));
});

test('redone steps of the past are undone by the engine alone', async () => {
  await drawnBefore();
  const { engine, past } = await openCase();
  await past.undo();
  await past.undo();
  engine.redo();
  engine.redo();
  const asked = server.requests;
  engine.undo();
  engine.undo();
  expect(server.requests).toBe(asked);
  expectSame(engine.map, server.mask(CASE).history.get(2));
});

test('strokes that were kept on this computer are undone once they are saved', async () => {
  const before = await openCase();
  draw(before, 1, 1);
  await vi.waitFor(async () => expect(await outbox.waiting('ana')).toHaveLength(1), { interval: 2 });
  before.queue.close();
  const { engine, queue, past } = await openCase();
  expect(engine.voxelCount(0, 1)).toBeGreaterThan(0);
  expect(past.canUndo).toBe(false);
  await queue.flush();
  expect(await past.undo()).not.toBeNull();
  expect(engine.voxelCount(0, 1)).toBe(0);
});

test('what is drawn while the server is asked is not undone by mistake', async () => {
  await drawnBefore();
  const opened = await openCase();
  const asked = opened.past.undo();
  draw(opened, 5, 4);
  expect(await asked).toBeNull();
  expect(opened.engine.voxelCount(0, 4)).toBeGreaterThan(0);
  opened.engine.undo();
  const [first, second] = await Promise.all([opened.past.undo(), opened.past.undo()]);
  expect(first).not.toBeNull();
  expect(second).toBeNull();
  expectSame(opened.engine.map, server.mask(CASE).history.get(3));
});

test('a server that cannot be reached leaves everything as it is', async () => {
  await drawnBefore();
  const { engine, past } = await openCase();
  server.failNext('unreachable');
  await expect(past.undo()).rejects.toThrow('cannot be reached');
  expectSame(engine.map, server.mask(CASE).map);
  expect(await past.undo()).not.toBeNull();
});

test('steps too old to be kept bar the way to the past', async () => {
  await drawnBefore();
  const opened = await openCase();
  const engine = new EditEngine(server.mask(CASE).map.copy(), [1, 1, 1], { undoBytes: 1 });
  const past = new PastRevisions({ engine, mask: String(CASE), openedAt: () => opened.queue.openedAt });
  draw({ ...opened, engine }, 5, 4);
  expect(past.canUndo).toBe(true);
  draw({ ...opened, engine }, 1, 4);
  while (engine.undo() !== null);
  expect(past.canUndo).toBe(false);
  expect(await past.undo()).toBeNull();
});
