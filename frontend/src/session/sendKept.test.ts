import 'fake-indexeddb/auto';
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { encodeEdits } from '../voxels';
import { FakeServer } from './fakeServer';
import { Outbox } from './outbox';
import { sendKept } from './sendKept';

const CASE = 11;
const RUNS = {
  layer: 0,
  k: 1,
  starts: Uint32Array.of(2),
  lengths: Uint32Array.of(3),
  values: Uint8Array.of(1),
};

let server: FakeServer;

beforeEach(() => {
  server = new FakeServer([8, 4, 3]);
  server.install();
});

afterEach(() => vi.unstubAllGlobals());

test('without strokes nothing is sent', async () => {
  expect(await sendKept(CASE, 'ana')).toBe(false);
  expect(server.branches).toEqual([]);
});

test('strokes on a mask that went on become a branch, and leave the outbox', async () => {
  const outbox = await Outbox.open();
  const stroke = { assignment: CASE, order: 1, user: 'ana', edits: encodeEdits([RUNS]) };
  const event = { tool: 'brush', structure: 1, layer: 0, added: 3, removed: 0 } as const;
  await outbox.put(
    { ...stroke, events: [event], goesOn: false },
    { assignment: CASE, revision: 0, divergence: null },
  );
  server.mask(CASE).head = 1;
  expect(await sendKept(CASE, 'ana')).toBe(true);
  expect(server.branches.map(({ branch }) => branch.strokes)).toEqual([1]);
  expect((await outbox.kept(CASE)).strokes).toEqual([]);
  outbox.close();
});
