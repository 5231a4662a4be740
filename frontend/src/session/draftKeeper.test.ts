import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { EditEngine, ijk, LabelMap } from '../voxels';
import { DraftKeeper } from './draftKeeper';
import type { DrawnStroke } from './strokeKeeper';

const kept: DrawnStroke[] = [];
let dropped = 0;
let engine: EditEngine;
let keeper: DraftKeeper;

beforeEach(() => {
  vi.useFakeTimers();
  kept.length = 0;
  dropped = 0;
  engine = new EditEngine(LabelMap.empty([20, 20, 5], 1), [1, 1, 1]);
  const queue = {
    keepDraft: (stroke: DrawnStroke) => void kept.push(stroke),
    dropDraft: () => {
      dropped += 1;
    },
  };
  keeper = new DraftKeeper(engine, queue);
  keeper.start();
});

afterEach(() => {
  keeper.stop();
  vi.useRealTimers();
});

function stamp(i: number): void {
  engine.stamp({ from: ijk(i, 5, 2), to: ijk(i, 5, 2), radius_mm: 2, plane: null });
}

test('a stroke is kept while it grows, and only then', () => {
  vi.advanceTimersByTime(2000);
  expect(kept).toHaveLength(0);
  engine.begin({ tool: 'brush', layer: 0, value: 1 });
  stamp(4);
  vi.advanceTimersByTime(500);
  stamp(9);
  vi.advanceTimersByTime(500);
  vi.advanceTimersByTime(500);
  expect(kept).toHaveLength(2);
  const record = engine.commit();
  expect(kept[1]?.delta).toEqual(record?.delta);
  expect(kept[1]?.events).toEqual(record?.events);
});

test('a stroke that was dropped leaves no draft', () => {
  engine.begin({ tool: 'brush', layer: 0, value: 1 });
  stamp(4);
  vi.advanceTimersByTime(500);
  engine.cancel();
  const before = dropped;
  vi.advanceTimersByTime(500);
  expect(dropped).toBe(before + 1);
  keeper.stop();
  vi.advanceTimersByTime(5000);
  expect(dropped).toBe(before + 1);
});
