import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { ApiError, type Looked, NetworkError } from '../../../api';
import { packLooked, unpackLooked } from './looked';
import { LookedKeeper } from './lookedKeeper';

const NOTHING: Looked = { axial: '', sagittal: '', coronal: '' };
const sent: Partial<Looked>[] = [];
let fault: Error | null;

function keeperOf(known: Looked = NOTHING, editable = true): LookedKeeper {
  return new LookedKeeper({
    assignment: 4,
    shape: [9, 12, 5],
    known,
    editable,
    send: async (assignment, looked) => {
      expect(assignment).toBe(4);
      if (fault !== null) throw fault;
      sent.push(looked);
      return NOTHING;
    },
  });
}

beforeEach(() => {
  vi.useFakeTimers();
  sent.length = 0;
  fault = null;
});

afterEach(() => void vi.useRealTimers());

test('planes have as many slices as their axis, and what was seen before comes back', () => {
  const keeper = keeperOf({ ...NOTHING, axial: packLooked(Uint8Array.of(0, 1, 0, 0, 1)) });
  expect([...keeper.of('axial')]).toEqual([0, 1, 0, 0, 1]);
  expect([keeper.of('sagittal').length, keeper.of('coronal').length]).toEqual([9, 12]);
});

test('what is new is sent once after a while, with what was there before', async () => {
  const keeper = keeperOf({ ...NOTHING, axial: packLooked(Uint8Array.of(0, 1, 0, 0, 0)) });
  keeper.note('axial', Uint8Array.of(1, 0, 0, 0, 0));
  keeper.note('axial', Uint8Array.of(1, 0, 1, 0, 0));
  expect(sent).toEqual([]);
  await vi.advanceTimersByTimeAsync(5_000);
  expect(sent.map((looked) => Object.keys(looked))).toEqual([['axial']]);
  expect([...unpackLooked(sent[0]?.axial ?? '', 5)]).toEqual([1, 1, 1, 0, 0]);
  keeper.note('axial', Uint8Array.of(1, 0, 1, 0, 0));
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toHaveLength(1);
});

test('leaving sends at once', async () => {
  const keeper = keeperOf();
  keeper.note('coronal', new Uint8Array(12).fill(1));
  await keeper.flush();
  expect(Object.keys(sent[0] ?? {})).toEqual(['coronal']);
  keeper.close();
  await vi.advanceTimersByTimeAsync(60_000);
  expect(sent).toHaveLength(1);
});

test('without a network it goes with the next try; a refusal ends it', async () => {
  const keeper = keeperOf();
  fault = new NetworkError('gone');
  keeper.note('axial', Uint8Array.of(1, 0, 0, 0, 0));
  await keeper.flush();
  fault = null;
  keeper.note('axial', Uint8Array.of(1, 0, 0, 0, 1));
  await keeper.flush();
  expect([...unpackLooked(sent[0]?.axial ?? '', 5)]).toEqual([1, 0, 0, 0, 1]);
  fault = new ApiError(403, 'It is handed in.');
  keeper.note('axial', Uint8Array.of(0, 1, 0, 0, 0));
  await keeper.flush();
  fault = null;
  await keeper.flush();
  expect(sent).toHaveLength(1);
});

test('a read that is handed in records nothing', async () => {
  const keeper = keeperOf(NOTHING, false);
  keeper.note('axial', Uint8Array.of(1, 1, 1, 1, 1));
  await vi.advanceTimersByTimeAsync(10_000);
  await keeper.flush();
  expect(sent).toEqual([]);
});
