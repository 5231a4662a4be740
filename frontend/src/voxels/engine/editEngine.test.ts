import { gzipSync } from 'node:zlib';
import { describe, expect, it } from 'vitest';
import { NO_MASK } from '../editMask';
import { applyEdits, type SliceRuns } from '../edits';
import { ijk, type Plane, type Triple } from '../geometry';
import { IGNORE, LabelMap } from '../labelMap';
import { encodeRowEdits } from '../rowEdits';
import type { Stamp } from '../sweep';
import { StaleEdit } from './apply';
import { EditEngine } from './editEngine';
import { UNDO_STEPS } from './history';
import type { StrokeRecord } from './record';
import type { StrokeTarget } from './stroke';
import { differing, LOCKED, lockedEngine, SHAPE, SPACING, startMap } from './testActions';
import { EDIT_TOOLS } from './tools';
import { warmUp } from './warmUp';

interface DrawnStroke {
  readonly target: StrokeTarget;
  readonly path: readonly (readonly [number, number, number])[];
  readonly radius_mm: number;
  readonly plane: Plane | null;
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

/** A row of five voxels on each of two layers, and an engine on it. */
function row(first: readonly number[], second: readonly number[] = [0, 0, 0, 0, 0]): EditEngine {
  const map = LabelMap.empty([5, 1, 1], 2);
  map.layers[0][0].set(first);
  map.layers[1][0].set(second);
  return new EditEngine(map, [1, 1, 1]);
}

function valuesOf(engine: EditEngine, layer = 0): number[] {
  return [...engine.map.layers[layer][0]];
}

function paintAll(engine: EditEngine, target: StrokeTarget): StrokeRecord | null {
  return draw(engine, { target, path: [[2, 0, 0]], radius_mm: 9, plane: 'axial' });
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
    expect(differing(engine.map, startMap())).toBe(0);
    expect(engine.canUndo).toBe(false);
  });
});

describe('the edit mask', () => {
  const value = { tool: 'brush', layer: 0, value: 1 } as const;

  it.each([
    ['inside', [{ layer: 0, value: 2 }], [0, 1, 1, 3, 0]],
    ['inside', [{ layer: 1, value: 7 }], [0, 2, 1, 3, 1]],
    ['inside', [], [0, 2, 2, 3, 0]],
    ['outside', [{ layer: 0, value: 2 }], [1, 2, 2, 1, 1]],
    [
      'outside',
      [
        { layer: 0, value: 2 },
        { layer: 1, value: 7 },
      ],
      [1, 2, 2, 1, 0],
    ],
    ['background', [], [1, 2, 2, 3, 0]],
    ['anywhere', [{ layer: 0, value: 2 }], [1, 1, 1, 1, 1]],
  ] as const)('%s of %o', (area, structures, expected) => {
    const engine = row([0, 2, 2, 3, 0], [0, 0, 7, 0, 7]);
    engine.setMask({ ...NO_MASK, area, structures });
    paintAll(engine, value);
    expect(valuesOf(engine)).toEqual(expected);
  });

  it('by HU lets nothing be changed without the scan, and in slices that are not loaded', () => {
    const engine = row([0, 0, 0, 0, 0]);
    engine.setMask({ ...NO_MASK, hu: [0, 100] });
    expect(paintAll(engine, value)).toBeNull();
    let isLoaded = false;
    engine.setImage([Int16Array.of(-1, 0, 50, 100, 101)], () => isLoaded);
    expect(paintAll(engine, value)).toBeNull();
    isLoaded = true;
    paintAll(engine, value);
    expect(valuesOf(engine)).toEqual([0, 1, 1, 1, 0]);
  });

  it('and the range of the tool hold together', () => {
    const engine = row([0, 0, 0, 0, 0]);
    engine.setImage([Int16Array.of(-1, 0, 50, 100, 101)], () => true);
    engine.setMask({ ...NO_MASK, hu: [50, 200] });
    paintAll(engine, { ...value, tool: 'threshold_brush', hu: [-5, 100] });
    expect(valuesOf(engine)).toEqual([0, 0, 1, 1, 0]);
  });

  it('that names what the scan does not have is refused', () => {
    const engine = row([0, 0, 0, 0, 0]);
    const structures = [{ layer: 2, value: 1 }];
    expect(() => engine.setMask({ ...NO_MASK, area: 'inside', structures })).toThrow('layer 2');
    expect(() => engine.setMask({ ...NO_MASK, slices: { plane: 'axial', first: 1, last: 3 } })).toThrow(
      'slices',
    );
    expect(engine.mask).toEqual(NO_MASK);
  });
});

describe('restoring from another mask', () => {
  const other = LabelMap.empty([5, 1, 1], 2);
  other.layers[0][0].set([1, 2, 0, 1, IGNORE]);
  const accept = { tool: 'accept_brush', layer: 0, value: 1, writes: other } as const;

  it('gives the structure back where either mask has it', () => {
    const engine = row([0, 3, 1, LOCKED, 1]);
    const record = paintAll(engine, accept);
    expect(valuesOf(engine)).toEqual([1, 3, 0, 1, 1]);
    expect(record?.events).toEqual([
      { tool: 'accept_brush', layer: 0, structure: 1, added: 2, removed: 1 },
      { tool: 'accept_brush', layer: 0, structure: LOCKED, added: 0, removed: 1 },
    ]);
  });

  it('gives everything back when told to, and keeps locks', () => {
    const engine = row([0, 3, 1, LOCKED, 1]);
    engine.setLocked(0, LOCKED, true);
    engine.setLocked(0, 2, true);
    paintAll(engine, { ...accept, all: true });
    expect(valuesOf(engine)).toEqual([1, 3, 0, LOCKED, 1]);
  });
});

describe('filling rows', () => {
  it('paints spans along a row and across rows', () => {
    const engine = new EditEngine(LabelMap.empty([4, 3, 2], 1), [1, 1, 1]);
    engine.begin({ tool: 'draw', layer: 0, value: 6 });
    const box = engine.fill([
      { k: 1, start: 5, count: 2, stride: 1 },
      { k: 1, start: 3, count: 3, stride: 4 },
    ]);
    expect(box).toEqual({ low: [1, 0, 1], size: [3, 3, 1] });
    engine.fill((onSpan) => onSpan(0, 0, 1, 1));
    engine.commit();
    expect([...engine.map.layers[0][1]]).toEqual([0, 0, 0, 6, 0, 6, 6, 6, 0, 0, 0, 6]);
    expect(engine.voxelCount(0, 6)).toBe(6);
  });

  it.each([
    { k: 2, start: 0, count: 1, stride: 1 },
    { k: 0, start: 11, count: 2, stride: 1 },
    { k: 0, start: -1, count: 1, stride: 1 },
    { k: 0, start: 4, count: 3, stride: 4 },
  ])('refuses %o, outside of the scan', (span) => {
    const engine = new EditEngine(LabelMap.empty([4, 3, 2], 1), [1, 1, 1]);
    engine.begin({ tool: 'draw', layer: 0, value: 6 });
    expect(() => engine.fill([span])).toThrow('outside of the scan');
  });
});

describe('edits that were worked out elsewhere', () => {
  const runs = {
    layer: 0,
    k: 0,
    starts: Uint32Array.of(1),
    lengths: Uint32Array.of(3),
    values: Uint8Array.of(2),
  };

  it('are one step to undo, whatever is locked', () => {
    const engine = row([1, 1, 2, 3, 0]);
    engine.setLocked(0, 3, true);
    const record = engine.take('take_b', { layer: 0, value: 2 }, [runs]);
    expect(valuesOf(engine)).toEqual([1, 2, 2, 2, 0]);
    expect(record).toMatchObject({ tool: 'take_b', layer: 0, structure: 2, added: 2, removed: 2 });
    expect(engine.voxelCount(0, 2)).toBe(3);
    expect(engine.undo()).toMatchObject({ tool: 'undo', of: 'take_b' });
    expect(valuesOf(engine)).toEqual([1, 1, 2, 3, 0]);
  });

  it('are nothing where the mask is like that already', () => {
    const engine = row([1, 2, 2, 2, 0]);
    expect(engine.take('take_b', { layer: 0, value: 2 }, [runs])).toBeNull();
    expect(engine.canUndo).toBe(false);
  });
});

describe('an operation', () => {
  const box = { low: [1, 0, 0], size: [3, 1, 1] } as const;
  const target = { layer: 0, value: 1 };
  const swap = {
    tool: 'swap_sides',
    target,
    changes: [
      { layer: 0, box, values: Uint8Array.of(2, 1, 0) },
      { layer: 1, box, values: Uint8Array.of(0, 9, 0) },
    ],
  } as const;

  it('is one step on all its layers, told structure by structure', () => {
    const engine = row([1, 1, 2, 3, 0]);
    const record = engine.apply(swap);
    expect([valuesOf(engine), valuesOf(engine, 1)]).toEqual([
      [1, 2, 1, 0, 0],
      [0, 0, 9, 0, 0],
    ]);
    expect(record).toMatchObject({ tool: 'swap_sides', layer: 0, structure: 1, added: 3, removed: 3, box });
    expect(
      record?.events.map(({ layer, structure, added, removed }) => [layer, structure, added, removed]),
    ).toEqual([
      [0, 1, 1, 1],
      [0, 2, 1, 1],
      [0, 3, 0, 1],
      [1, 9, 1, 0],
    ]);
    expect(engine.undo()).toMatchObject({ tool: 'undo', of: 'swap_sides', added: 3, removed: 3 });
    expect([valuesOf(engine), valuesOf(engine, 1)]).toEqual([
      [1, 1, 2, 3, 0],
      [0, 0, 0, 0, 0],
    ]);
    expect(engine.canUndo).toBe(false);
    expect(engine.redo()).toMatchObject({ tool: 'redo', of: 'swap_sides' });
    expect(valuesOf(engine, 1)).toEqual([0, 0, 9, 0, 0]);
  });

  it('is measured by the mask as it was before, on every layer', () => {
    const engine = row([1, 1, 2, 3, 0]);
    engine.setMask({ ...NO_MASK, area: 'inside', structures: [{ layer: 0, value: 2 }] });
    engine.apply(swap);
    expect([valuesOf(engine), valuesOf(engine, 1)]).toEqual([
      [1, 1, 1, 3, 0],
      [0, 0, 9, 0, 0],
    ]);
  });

  it('that changes nothing is no step', () => {
    const engine = row([0, 2, 1, 0, 0], [0, 0, 9, 0, 0]);
    const { version } = engine;
    expect(engine.apply({ ...swap, version })).toBeNull();
    expect(engine.canUndo).toBe(false);
    expect(engine.version).toBe(version);
  });

  it('is stale when the mask was changed since, or is being drawn on', () => {
    const engine = row([1, 1, 2, 3, 0]);
    const { version } = engine;
    engine.begin({ tool: 'brush', layer: 0, value: 4 });
    expect(() => engine.apply({ ...swap, version })).toThrow(StaleEdit);
    engine.cancel();
    paintAll(engine, { tool: 'eraser', layer: 0, value: 3 });
    expect(() => engine.apply({ ...swap, version })).toThrow('changed while this was being computed');
    expect(valuesOf(engine)).toEqual([1, 1, 2, 0, 0]);
  });

  it('in steps lets others draw in between, and is stale then; else nothing is written before the last step', () => {
    const shape: Triple = [512, 512, 6];
    const engine = new EditEngine(LabelMap.empty(shape, 1), [1, 1, 1]);
    const values = new Uint8Array(512 * 512 * 6).fill(4);
    const whole = { low: [0, 0, 0], size: shape } as const;
    const edit = { tool: 'threshold', target, changes: [{ layer: 0, box: whole, values }] } as const;
    const steps = engine.applyInSteps(edit);
    expect(steps.next()).toMatchObject({ done: false });
    expect(engine.voxelCount(0, 4)).toBe(0);
    engine.begin({ tool: 'brush', layer: 0, value: 1 });
    engine.stamp({ from: ijk(9, 9, 1), to: ijk(9, 9, 1), radius_mm: 3, plane: null });
    engine.commit();
    expect(() => [...steps]).toThrow(StaleEdit);
    const shares = [...engine.applyInSteps(edit)];
    expect(shares).toEqual([...shares].sort((a, b) => a - b));
    expect(engine.voxelCount(0, 4)).toBe(512 * 512 * 6);
    engine.undo();
    expect(engine.voxelCount(0, 4)).toBe(0);
  });

  it.each([
    ['a box outside', [{ layer: 0, box: { low: [3, 0, 0], size: [3, 1, 1] }, values: new Uint8Array(3) }]],
    ['another number of voxels', [{ layer: 0, box, values: new Uint8Array(2) }]],
    ['a layer that is not there', [{ layer: 2, box, values: new Uint8Array(3) }]],
  ] as const)('is refused with %s', (_, changes) => {
    expect(() => row([0, 0, 0, 0, 0]).apply({ tool: 'smooth', target, changes })).toThrow('does not fit');
  });

  it('is refused when it changes a layer twice', () => {
    const change = { layer: 0, box, values: new Uint8Array(3) };
    expect(() => row([1, 1, 1, 1, 1]).apply({ tool: 'smooth', target, changes: [change, change] })).toThrow(
      'once',
    );
  });
});

describe('a draft', () => {
  it('is what the stroke would be if it ended now', () => {
    const engine = lockedEngine();
    expect(engine.draft()).toBeNull();
    engine.begin({ tool: 'brush', layer: 0, value: 1 });
    expect(engine.draft()).toBeNull();
    engine.stamp({ from: ijk(10, 8, 6), to: ijk(12, 8, 6), radius_mm: 5, plane: null });
    const draft = engine.draft();
    const copy = startMap();
    applyEdits(copy, draft?.delta ?? []);
    expect(differing(copy, engine.map)).toBe(0);
    expect(engine.commit()).toEqual(draft);
  });
});

describe('the past', () => {
  const past: SliceRuns = {
    layer: 0,
    k: 0,
    starts: Uint32Array.of(0, 4),
    lengths: Uint32Array.of(2, 1),
    values: Uint8Array.of(7, 0),
  };

  it('is undone by edits from elsewhere and redone by the engine', () => {
    const engine = row([1, 7, 2, 3, 5]);
    const record = engine.undoPast([past]);
    expect(valuesOf(engine)).toEqual([7, 7, 2, 3, 0]);
    expect(record).toMatchObject({ tool: 'undo', layer: 0, added: 1, removed: 2 });
    expect(engine.canUndo).toBe(false);
    expect(engine.redo()).toMatchObject({ tool: 'redo', added: 2, removed: 1 });
    expect(valuesOf(engine)).toEqual([1, 7, 2, 3, 5]);
    expect(engine.undo()).not.toBeNull();
    expect(valuesOf(engine)).toEqual([7, 7, 2, 3, 0]);
    expect(engine.voxelCount(0, 7)).toBe(2);
  });

  it('comes after everything that can be undone here', () => {
    const engine = row([1, 7, 2, 3, 5]);
    paintAll(engine, { tool: 'brush', layer: 0, value: 6 });
    expect(() => engine.undoPast([past])).toThrow('still something to undo');
    engine.begin({ tool: 'brush', layer: 0, value: 6 });
    expect(() => engine.undoPast([past])).toThrow('being drawn');
  });

  it('that is the present is nothing', () => {
    const engine = row([7, 7, 2, 3, 0]);
    expect(engine.undoPast([past])).toBeNull();
    expect(engine.canRedo).toBe(false);
  });
});

describe('the memory of undo', () => {
  it('is bounded in bytes; the newest step is always there', () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING, { undoBytes: 5000 });
    for (let n = 0; n < 20; n++) draw(engine, sphere(1 + (n % 2), 5));
    let undone = 0;
    while (engine.undo() !== null) undone += 1;
    expect(undone).toBeGreaterThan(1);
    expect(undone).toBeLessThan(20);
    expect(engine.reachesStart).toBe(false);
    const tight = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING, { undoBytes: 1 });
    draw(tight, sphere(1, 5));
    expect(tight.undo()).not.toBeNull();
    expect(tight.reachesStart).toBe(true);
  });

  it('is given back when a new stroke makes what was undone unreachable', () => {
    const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING, { undoBytes: 5000 });
    for (let n = 0; n < 200; n++) {
      draw(engine, sphere(1 + (n % 2), 4));
      engine.undo();
    }
    draw(engine, sphere(3, 4));
    expect(engine.reachesStart).toBe(true);
  });
});

describe('the box of structures', () => {
  it('is around all of them, and null where they have no voxel', () => {
    const engine = row([0, 2, 0, 4, 0], [0, 0, 0, 0, 5]);
    const box = (...structures: (readonly [number, number])[]) =>
      engine.boundingBox(structures.map(([layer, value]) => ({ layer, value })));
    expect(box([0, 2], [0, 9])).toEqual({ low: [1, 0, 0], size: [1, 1, 1] });
    expect(box([0, 2], [0, 4], [1, 5])).toEqual({ low: [1, 0, 0], size: [4, 1, 1] });
    expect(box([0, 9], [1, 2])).toBeNull();
    paintAll(engine, { tool: 'eraser', layer: 0, value: 2 });
    expect(box([0, 2], [0, 4])).toEqual({ low: [3, 0, 0], size: [1, 1, 1] });
  });
});

describe('warming up', () => {
  it('comes to an end, in many steps', () => {
    expect([...warmUp()].length).toBeGreaterThan(10);
  });
});

describe('structure volume', () => {
  it('is in millilitres of the spacing', () => {
    const map = LabelMap.empty([10, 10, 10], 1);
    map.layerVoxels(0).fill(7);
    expect(new EditEngine(map, [2, 2, 5]).volumeMl(0, 7)).toBeCloseTo(20);
  });
});

describe('a sphere of 40 mm in a mask with other structures', () => {
  it.each([
    { tool: 'brush', layer: 0, value: 1 },
    { tool: 'eraser', layer: 0, value: 4, all: true },
  ] as const)('takes at most 5 KB on the wire: %o', (target) => {
    const engine = new EditEngine(organs(), [0.8, 0.8, 2.5]);
    const record = draw(engine, { target, path: [[128, 128, 30]], radius_mm: 40, plane: null });
    expect((record?.added ?? 0) + (record?.removed ?? 0)).toBeGreaterThan(100_000);
    expect(gzipSync(encodeRowEdits(record?.sent ?? [], 256)).length).toBeLessThan(3 * 1024);
  });
});

describe('what is sent of a stroke', () => {
  const line = (value: number) => (i: number) => ({ k: 0, start: i, count: 1, stride: 1, value });

  it('reaches over voxels under the brush that hold the value already, never over others', () => {
    const map = LabelMap.empty([12, 1, 1], 1);
    // . 1 . 2 . 1 . . 3 . . .   painted with 1 from 0 to 9; 3 is locked.
    for (const { start, value } of [line(1)(1), line(2)(3), line(1)(5), line(3)(8)]) {
      map.layers[0][0][start] = value;
    }
    const engine = new EditEngine(map, [1, 1, 1]);
    engine.setLocked(0, 3, true);
    engine.begin({ tool: 'brush', layer: 0, value: 1 });
    engine.fill([{ k: 0, start: 0, count: 10, stride: 1 }]);
    const record = engine.commit();
    expect([...(record?.delta[0].starts ?? [])]).toEqual([0, 2, 6, 9]);
    expect([...(record?.sent[0].starts ?? [])]).toEqual([0, 9]);
    expect([...(record?.sent[0].lengths ?? [])]).toEqual([8, 1]);
  });

  it('does not reach beyond the brush', () => {
    const map = LabelMap.empty([12, 1, 1], 1);
    map.layers[0][0].fill(1, 0, 4).fill(1, 6);
    const engine = new EditEngine(map, [1, 1, 1]);
    engine.begin({ tool: 'brush', layer: 0, value: 1 });
    engine.fill([{ k: 0, start: 3, count: 4, stride: 1 }]);
    const sent = engine.commit()?.sent[0];
    expect([sent?.starts[0], sent?.lengths[0]]).toEqual([3, 4]);
  });
});

describe('the names of tools', () => {
  it('are short enough for the record of work, and different', () => {
    expect(new Set(EDIT_TOOLS).size).toBe(EDIT_TOOLS.length);
    expect(EDIT_TOOLS.every((tool) => tool.length <= 24)).toBe(true);
  });
});
