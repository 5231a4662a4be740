import { gzipSync } from 'node:zlib';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffMasks } from '../diff';
import { applyEdits, decodeEdits, encodeEdits, type SliceRuns } from '../edits';
import { ijk, type Plane, type Triple } from '../geometry';
import { IGNORE, LabelMap } from '../labelMap';
import type { Stamp } from '../sweep';
import { EditEngine } from './editEngine';
import { UNDO_STEPS } from './history';
import type { StrokeRecord } from './record';
import type { StrokeTarget } from './stroke';

const SHAPE: Triple = [20, 16, 12];
const SPACING: Triple = [1, 1.5, 3];
const LOCKED = 3;

interface DrawnStroke {
  readonly target: StrokeTarget;
  readonly path: readonly (readonly [number, number, number])[];
  readonly radius_mm: number;
  readonly plane: Plane | null;
}

const anyTarget = fc.record({
  tool: fc.constantFrom('brush' as const, 'eraser' as const),
  layer: fc.nat(1),
  value: fc.integer({ min: 1, max: 4 }),
  all: fc.boolean(),
});
const anyStroke: fc.Arbitrary<DrawnStroke> = fc.record({
  target: anyTarget,
  path: fc.array(fc.tuple(fc.nat(20), fc.nat(16), fc.nat(12)), { minLength: 1, maxLength: 4 }),
  radius_mm: fc.integer({ min: 1, max: 6 }),
  plane: fc.constantFrom<Plane | null>('axial', 'coronal', 'sagittal', null),
});

/** Two layers with all values from background to 5 and some "not annotated", the same in every test. */
function startMap(): LabelMap {
  const map = LabelMap.empty(SHAPE, 2);
  for (let layer = 0; layer < 2; layer++) {
    const voxels = map.layerVoxels(layer);
    for (let p = 0; p < voxels.length; p++) {
      const block = (Math.floor(p / 7) * 2654435761 + layer * 97) % 11;
      voxels[p] = block === 10 ? IGNORE : block % 6;
    }
  }
  return map;
}

function lockedEngine(): EditEngine {
  const engine = new EditEngine(startMap(), SPACING);
  engine.setLocked(0, LOCKED, true);
  engine.setLocked(1, LOCKED, true);
  return engine;
}

function draw(engine: EditEngine, { target, path, radius_mm, plane }: DrawnStroke): StrokeRecord | null {
  if (!engine.begin(target)) return null;
  let from = ijk(...path[0]);
  for (const point of path) {
    const stamp: Stamp = { from, to: ijk(...point), radius_mm, plane };
    engine.stamp(stamp);
    from = stamp.to;
  }
  return engine.commit();
}

function sphere(value: number, radius_mm: number, tool: 'brush' | 'eraser' = 'brush'): DrawnStroke {
  return { target: { tool, layer: 0, value }, path: [[10, 8, 6]], radius_mm, plane: null };
}

/** Counted, not compared as arrays: a matcher on arrays of this size takes most of the test's time. */
function expectSame(map: LabelMap, other: LabelMap): void {
  for (const layer of [0, 1]) {
    const expected = other.layerVoxels(layer);
    const different = map.layerVoxels(layer).filter((value, p) => value !== expected[p]).length;
    expect(different, `voxels that differ in layer ${layer}`).toBe(0);
  }
}

function take(engine: EditEngine, step: DrawnStroke | 'undo' | 'redo'): StrokeRecord | null {
  if (step === 'undo') return engine.undo();
  return step === 'redo' ? engine.redo() : draw(engine, step);
}

/** Structures of an organ's size with a rough border, so that old values differ along a stroke. */
function organs(): LabelMap {
  const map = LabelMap.empty([256, 256, 60], 1);
  map.layers[0].forEach((voxels, k) => {
    voxels.forEach((_, p) => {
      const wave = Math.sin(p / 31) * 6 + Math.sin(k * 2.1) * 4;
      const below = (p >> 8) + wave > 120 ? 2 : 0;
      voxels[p] = (p % 256) + wave > 140 ? 4 : below;
    });
  });
  return map;
}

function throughTheWire(delta: readonly SliceRuns[]): SliceRuns[] {
  return decodeEdits(encodeEdits(delta));
}

describe('any sequence of strokes', () => {
  it('comes back exactly: undo all is the start, redo all is the end', () => {
    fc.assert(
      fc.property(fc.array(anyStroke, { maxLength: 8 }), (strokes) => {
        const engine = lockedEngine();
        const drawn = strokes
          .map((stroke) => draw(engine, stroke))
          .filter((record) => record !== null).length;
        const end = engine.map.copy();
        for (let n = 0; n < drawn; n++) expect(engine.undo()).not.toBeNull();
        expect(engine.undo()).toBeNull();
        expectSame(engine.map, startMap());
        for (let n = 0; n < drawn; n++) expect(engine.redo()).not.toBeNull();
        expect(engine.redo()).toBeNull();
        expectSame(engine.map, end);
      }),
    );
  });

  it('reaches a copy of the mask through its deltas, undo and redo included', () => {
    const step = fc.oneof(
      { weight: 3, arbitrary: anyStroke },
      { weight: 1, arbitrary: fc.constantFrom('undo' as const, 'redo' as const) },
    );
    fc.assert(
      fc.property(fc.array(step, { maxLength: 12 }), (steps) => {
        const engine = lockedEngine();
        const copy = startMap();
        for (const next of steps) {
          const record = take(engine, next);
          if (record !== null) applyEdits(copy, throughTheWire(record.delta));
        }
        expectSame(copy, engine.map);
      }),
    );
  });

  it('never touches a locked structure, nor lets it grow, and the eraser never touches "not annotated"', () => {
    fc.assert(
      fc.property(fc.array(anyStroke, { maxLength: 8 }), (strokes) => {
        const engine = lockedEngine();
        const start = startMap();
        for (const stroke of strokes) draw(engine, stroke);
        const erasing = strokes.every(({ target }) => target.tool === 'eraser');
        for (const layer of [0, 1]) {
          const before = start.layerVoxels(layer);
          const after = engine.map.layerVoxels(layer);
          expect(after.every((value, p) => (value === LOCKED) === (before[p] === LOCKED))).toBe(true);
          if (erasing)
            expect(after.every((value, p) => (value === IGNORE) === (before[p] === IGNORE))).toBe(true);
        }
      }),
    );
  });

  it('keeps the voxel counts of every value', () => {
    fc.assert(
      fc.property(fc.array(anyStroke, { maxLength: 6 }), fc.nat(6), (strokes, undos) => {
        const engine = lockedEngine();
        for (const stroke of strokes) draw(engine, stroke);
        for (let n = 0; n < undos; n++) engine.undo();
        for (const layer of [0, 1]) {
          const counted = Float64Array.from({ length: 256 }, (_, value) => engine.voxelCount(layer, value));
          expect(counted).toEqual(engine.map.histogram(layer));
        }
      }),
    );
  });

  it('counts what was added and removed as the difference between before and after', () => {
    fc.assert(
      fc.property(anyStroke, anyStroke, (first, second) => {
        const engine = lockedEngine();
        draw(engine, first);
        const before = engine.map.copy();
        const record = draw(engine, second);
        const slices = diffMasks(before, engine.map);
        const total = (key: 'added' | 'removed') => slices.reduce((sum, slice) => sum + slice[key], 0);
        expect(record?.added ?? 0).toBe(total('added'));
        expect(record?.removed ?? 0).toBe(total('removed'));
      }),
    );
  });

  it('encodes to sorted runs that do not overlap, one block per slice', () => {
    fc.assert(
      fc.property(anyStroke, (stroke) => {
        const delta = draw(lockedEngine(), stroke)?.delta ?? [];
        expect(new Set(delta.map(({ k }) => k)).size).toBe(delta.length);
        for (const { starts, lengths } of delta) {
          for (let r = 1; r < starts.length; r++)
            expect(starts[r]).toBeGreaterThan(starts[r - 1] + lengths[r - 1] - 1);
        }
      }),
    );
  });
});

describe('painting', () => {
  it('counts other structures as removed and the new one as added', () => {
    const map = LabelMap.empty([5, 1, 1], 1);
    map.layers[0][0].set([0, 2, 1, IGNORE, 0]);
    const engine = new EditEngine(map, [1, 1, 1]);
    const record = draw(engine, {
      target: { tool: 'brush', layer: 0, value: 1 },
      path: [
        [0, 0, 0],
        [4, 0, 0],
      ],
      radius_mm: 1,
      plane: 'axial',
    });
    expect([...map.layers[0][0]]).toEqual([1, 1, 1, 1, 1]);
    expect(record).toMatchObject({ tool: 'brush', structure: 1, added: 4, removed: 1 });
    expect(engine.undo()).toMatchObject({ added: 1, removed: 4 });
    expect([...map.layers[0][0]]).toEqual([0, 2, 1, IGNORE, 0]);
  });

  it('tells the box that changed', () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), [1, 1, 1]);
    engine.begin({ tool: 'brush', layer: 0, value: 1 });
    const stamp: Stamp = { from: ijk(0, 5, 4), to: ijk(1, 5, 4), radius_mm: 2, plane: null };
    expect(engine.stamp(stamp)).toMatchObject({ low: [0, 3, 2], size: [4, 5, 5] });
    expect(engine.stamp(stamp)).toBeNull();
  });

  it('changes nothing for a locked target, for background and for "not annotated"', () => {
    const engine = lockedEngine();
    for (const value of [LOCKED, 0, IGNORE]) {
      expect(engine.begin({ tool: 'brush', layer: 0, value })).toBe(false);
      expect(engine.begin({ tool: 'eraser', layer: 0, value })).toBe(false);
    }
    expect(engine.isDrawing).toBe(false);
  });

  it('that changes nothing leaves nothing to undo', () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING);
    expect(draw(engine, sphere(1, 5, 'eraser'))).toBeNull();
    expect(engine.canUndo).toBe(false);
  });
});

describe('erasing', () => {
  it('takes the active structure only, or all that are not locked', () => {
    const start = [1, 2, LOCKED, IGNORE, 0];
    const erased = (all: boolean): number[] => {
      const map = LabelMap.empty([5, 1, 1], 1);
      map.layers[0][0].set(start);
      const engine = new EditEngine(map, [1, 1, 1]);
      engine.setLocked(0, LOCKED, true);
      draw(engine, {
        target: { tool: 'eraser', layer: 0, value: 1, all },
        path: [[2, 0, 0]],
        radius_mm: 9,
        plane: 'axial',
      });
      return [...map.layers[0][0]];
    };
    expect(erased(false)).toEqual([0, 2, LOCKED, IGNORE, 0]);
    expect(erased(true)).toEqual([0, 0, LOCKED, IGNORE, 0]);
  });
});

describe('history', () => {
  it('is forgotten forwards by a new stroke', () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING);
    draw(engine, sphere(1, 3));
    engine.undo();
    draw(engine, sphere(2, 3));
    expect(engine.canRedo).toBe(false);
    expect(engine.redo()).toBeNull();
  });

  it(`holds the last ${UNDO_STEPS} strokes`, () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING);
    for (let n = 0; n < UNDO_STEPS + 5; n++) draw(engine, sphere(1 + (n % 2), 2));
    let undone = 0;
    while (engine.undo() !== null) undone += 1;
    expect(undone).toBe(UNDO_STEPS);
  });

  it('waits while a stroke is being drawn', () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING);
    draw(engine, sphere(1, 3));
    engine.begin({ tool: 'brush', layer: 0, value: 2 });
    expect(engine.undo()).toBeNull();
    expect(() => engine.replay([])).toThrow('while a stroke');
  });

  it('is emptied by edits from elsewhere, which are counted', () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING);
    draw(engine, sphere(1, 3));
    const other = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING);
    engine.replay(draw(other, sphere(2, 5))?.delta ?? []);
    expect(engine.canUndo).toBe(false);
    expect(engine.voxelCount(0, 2)).toBe(other.voxelCount(0, 2));
    expect(engine.voxelCount(0, 1)).toBe(0);
  });

  it('does not have a stroke that was cancelled', () => {
    const engine = lockedEngine();
    engine.begin({ tool: 'brush', layer: 0, value: 1 });
    engine.stamp({ from: ijk(10, 8, 6), to: ijk(12, 8, 6), radius_mm: 5, plane: null });
    engine.cancel();
    expectSame(engine.map, startMap());
    expect(engine.canUndo).toBe(false);
  });
});

describe('structure volume', () => {
  it('is in millilitres of the spacing', () => {
    const map = LabelMap.empty([10, 10, 10], 1);
    map.layerVoxels(0).fill(7);
    expect(new EditEngine(map, [2, 2, 5]).volumeMl(0, 7)).toBeCloseTo(20);
  });
});

describe('a sphere of 80 000 voxels in a mask with other structures', () => {
  it('takes at most 5 KB on the wire', () => {
    const engine = new EditEngine(organs(), [0.8, 0.8, 2.5]);
    const record = draw(engine, {
      target: { tool: 'brush', layer: 0, value: 1 },
      path: [[128, 128, 30]],
      radius_mm: 31.2,
      plane: null,
    });
    const voxels = record?.added ?? 0;
    expect(voxels).toBeGreaterThan(75_000);
    expect(gzipSync(encodeEdits(record?.delta ?? [])).length).toBeLessThan(5 * 1024);
  });
});
