import fc from 'fast-check';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { ApiError, type MeasuredPoints, NetworkError, type VolumeInfo } from '../../../api';
import { endsOf, type Measurement, measurementOf } from '../../../viewer';
import { ijk, type Triple } from '../../../voxels';
import { drawnFrom, keptPoints } from './keptPoints';
import { MeasurementKeeper, type MeasurementKeeperOptions } from './measurementKeeper';

/** Turned and with spacings that no binary fraction holds. */
const VOLUME: VolumeInfo = {
  id: '1',
  shape: [64, 48, 32],
  spacing_mm: [0.7, 0.9, 1.3],
  spacing_known: true,
  origin_lps: [-101.3, 57.9, -1033.7],
  direction: [
    [0.8, -0.6, 0],
    [0.6, 0.8, 0],
    [0, 0, 1],
  ],
  levels: [],
  chunk_slices: 8,
};

function length(id: number, i: number, label = ''): Measurement {
  const points = [ijk(i, 3.25, 5), ijk(i + 7.1, 9.75, 5)];
  const drawn = measurementOf(
    { id, kind: 'length', plane: 'axial', label, points, tilt: [0, 0, 0] },
    VOLUME.shape,
    VOLUME.spacing_mm,
  );
  if (drawn === null) throw new Error('no measurement');
  return drawn;
}

class Place {
  readonly kept = new Map<string, string>();
  getItem = (key: string): string | null => this.kept.get(key) ?? null;
  setItem = (key: string, value: string): void => void this.kept.set(key, value);
  removeItem = (key: string): void => void this.kept.delete(key);
}

/** The server's rows, by key; JSON, as on the wire. */
class Server {
  readonly rows = new Map<string, MeasuredPoints>();
  readonly asked: { changed: number; removed: number }[] = [];
  failure: Error | null = null;

  send: NonNullable<MeasurementKeeperOptions['send']> = async (_assignment, change) => {
    const { changed, removed } = JSON.parse(JSON.stringify(change)) as typeof change;
    this.asked.push({ changed: changed.length, removed: removed.length });
    await Promise.resolve();
    if (this.failure !== null) throw this.failure;
    for (const key of removed) this.rows.delete(key);
    for (const one of changed) this.rows.set(one.key, { ...one, label: one.label.trim() });
    return [...this.rows.values()];
  };
}

describe('measurements', () => {
  let server: Server;
  let storage: Place;
  beforeEach(() => {
    vi.useFakeTimers();
    server = new Server();
    storage = new Place();
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  const open = (editable = true): MeasurementKeeper =>
    new MeasurementKeeper({
      assignment: 7,
      user: 'ana',
      volume: VOLUME,
      known: [...server.rows.values()],
      editable,
      send: server.send,
      storage,
    });

  it('go out by themselves within a second and come back as they were', async () => {
    const keeper = open();
    const drawn = [length(1, 2), length(2, 20, 'cyst')];
    keeper.note(drawn.slice(0, 1));
    keeper.note(drawn);
    await vi.advanceTimersByTimeAsync(1000);
    expect(server.asked).toEqual([{ changed: 2, removed: 0 }]);
    expect(storage.kept.size).toBe(0);
    keeper.close();
    const again = open().all;
    expect(again.map(({ label, slice, plane }) => [label, slice, plane])).toEqual([
      ['', 5, 'axial'],
      ['cyst', 5, 'axial'],
    ]);
    again.forEach((one, at) => {
      endsOf(one).forEach(([end, index]) => {
        const [, before] = endsOf(drawn[at] as Measurement)[end] ?? [0, ijk(0, 0, 0)];
        index.forEach((value, axis) => {
          expect(value).toBeCloseTo(before[axis] ?? Number.NaN, 9);
        });
      });
    });
  });

  it('keep every digit on the server while others are changed', async () => {
    const first = open();
    first.note([length(1, 2), length(2, 20)]);
    await first.flush();
    const before = new Map(server.rows);
    const second = open();
    const [kept, moved] = second.all as [Measurement, Measurement];
    second.note([kept, { ...moved, label: 'node ' }, length(3, 30)]);
    await second.flush();
    expect(server.asked.at(-1)).toEqual({ changed: 2, removed: 0 });
    const [one, other] = [...before.keys()] as [string, string];
    expect(server.rows.get(one)).toEqual(before.get(one));
    expect(server.rows.get(other)).toMatchObject({
      label: 'node',
      points_lps: before.get(other)?.points_lps,
    });
    second.note(second.all.slice(1));
    await second.flush();
    expect([...server.rows.keys()]).not.toContain(one);
  });

  it('ask for nothing where nothing changed', async () => {
    const keeper = open();
    keeper.note([length(1, 2)]);
    keeper.note([]);
    await vi.advanceTimersByTimeAsync(10_000);
    expect(server.asked).toEqual([]);
  });

  it('survive a killed tab and a dead network', async () => {
    server.failure = new NetworkError('gone');
    const keeper = open();
    keeper.note([length(1, 2)]);
    await keeper.flush();
    expect(keeper.problem).toContain('cannot be reached');
    server.failure = null;
    // The tab is gone: nothing of it is told to close.
    const again = open();
    expect(again.all.length).toBe(1);
    await vi.advanceTimersByTimeAsync(0);
    expect(server.rows.size).toBe(1);
    expect([again.problem, storage.kept.size]).toEqual([null, 0]);
  });

  it('are sent again when the network is back', async () => {
    const keeper = open();
    server.failure = new NetworkError('gone');
    keeper.note([length(1, 2)]);
    await vi.advanceTimersByTimeAsync(1000);
    server.failure = null;
    await vi.advanceTimersByTimeAsync(5000);
    expect([server.rows.size, keeper.problem]).toEqual([1, null]);
  });

  it('that were removed in a killed tab do not come back', async () => {
    const keeper = open();
    keeper.note([length(1, 2)]);
    await keeper.flush();
    server.failure = new NetworkError('gone');
    keeper.note([]);
    await keeper.flush();
    expect(open().all).toEqual([]);
  });

  it('that are too many are said to be, and go once one was removed', async () => {
    const keeper = open();
    server.failure = new ApiError(413, 'A read keeps 200 measurements.');
    keeper.note([length(1, 2), length(2, 4)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect([server.asked.length, keeper.problem]).toEqual([1, 'A read keeps 200 measurements.']);
    server.failure = null;
    keeper.note([length(2, 4)]);
    await vi.advanceTimersByTimeAsync(1000);
    expect([server.rows.size, keeper.problem]).toEqual([1, null]);
    server.failure = new ApiError(413, 'A read keeps 200 measurements.');
    keeper.note([length(2, 4), length(3, 6)]);
    await keeper.flush();
    keeper.note([length(2, 4)]);
    expect(keeper.problem).toBeNull();
  });

  it('are not sent from a read that is handed in, and it says so', async () => {
    const problems: (string | null)[] = [];
    const keeper = open(false);
    keeper.subscribe(() => problems.push(keeper.problem));
    keeper.note([length(1, 2)]);
    await keeper.flush();
    expect([server.asked, storage.kept.size]).toEqual([[], 0]);
    expect(problems).toEqual([expect.stringContaining('gone when you leave')]);
  });

  it('stop when the read is over elsewhere', async () => {
    const keeper = open();
    server.failure = new ApiError(409, 'This read was handed in already and cannot be changed.');
    keeper.note([length(1, 2)]);
    await vi.advanceTimersByTimeAsync(60_000);
    expect(server.asked.length).toBe(1);
    expect(keeper.problem).toContain('handed in already');
  });

  it('go one request after the other', async () => {
    const keeper = open();
    keeper.note([length(1, 2)]);
    const first = keeper.flush();
    keeper.note([length(1, 2), length(2, 4)]);
    await Promise.all([first, keeper.flush(), keeper.flush()]);
    expect(server.asked.map(({ changed }) => changed)).toEqual([2]);
    expect(server.rows.size).toBe(2);
  });

  it('of a broken place are left alone', () => {
    for (const text of ['{', '[]', '{"changed":[null],"removed":[]}', '{"changed":[{}],"removed":[]}']) {
      storage.setItem('delineate-measurements/ana/7', text);
      expect(open().all).toEqual([]);
    }
  });
});

describe('points of the patient', () => {
  const mm = fc.double({ min: -0.5, max: 31, noNaN: true });

  it('are those of the slice, there and back', () => {
    fc.assert(
      fc.property(mm, mm, mm, mm, fc.integer({ min: 0, max: 31 }), (i, j, a, b, k) => {
        const points = [ijk(i, j, k), ijk(a, b, k)];
        const drawn = measurementOf(
          { id: 1, kind: 'length', plane: 'axial', label: 'x', points, tilt: [0, 0, 0] },
          VOLUME.shape,
          VOLUME.spacing_mm,
        );
        if (drawn === null || drawn.kind !== 'length') throw new Error('no length');
        const wire = JSON.parse(JSON.stringify(keptPoints(drawn, 'key', VOLUME))) as MeasuredPoints;
        const back = drawnFrom(wire, 1, VOLUME);
        expect(back).toMatchObject({ slice: k, plane: 'axial', label: 'x' });
        const [p, q] = wire.points_lps as [Triple, Triple];
        expect(Math.hypot(p[0] - q[0], p[1] - q[1], p[2] - q[2])).toBeCloseTo(drawn.length_mm, 9);
        if (back?.kind === 'length') expect(back.length_mm).toBeCloseTo(drawn.length_mm, 9);
      }),
    );
  });
});
