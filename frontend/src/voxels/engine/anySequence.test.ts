import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { diffMasks } from '../diff';
import type { EditMask } from '../editMask';
import { applyEdits, decodeEdits, encodeEdits, type SliceRuns } from '../edits';
import { ijk, PLANE_AXIS, type Plane } from '../geometry';
import { IGNORE, isStructure, type LabelMap } from '../labelMap';
import { encodeRowEdits } from '../rowEdits';
import type { Stamp } from '../sweep';
import type { EditEngine } from './editEngine';
import type { StrokeRecord } from './record';
import type { StrokeTarget } from './stroke';
import {
  type Action,
  anyAction,
  anyApplied,
  anyDrawn,
  anyMask,
  differing,
  huSlices,
  isLoaded,
  LOCKED,
  lockedEngine,
  otherMap,
  SHAPE,
  startMap,
  take,
} from './testActions';

const anyEdit = fc.oneof({ weight: 3, arbitrary: anyDrawn }, { weight: 1, arbitrary: anyApplied });
const anySequence = fc.array(anyAction, { maxLength: 14 });

function takeAll(engine: EditEngine, actions: readonly Action[]): StrokeRecord[] {
  return actions.map((action) => take(engine, action)).filter((record) => record !== null);
}

/** Whether a mask lets a voxel be changed, worked out voxel by voxel from the words of the mask. */
function allows(
  mask: EditMask,
  map: LabelMap,
  hu: readonly Int16Array[],
  at: readonly [number, number, number],
) {
  const [i, j, k] = at;
  const values = map.layers.map((_, layer) => map.valueAt(layer, ijk(i, j, k)));
  const named = mask.structures.some(({ layer, value }) => values[layer] === value);
  const inArea =
    mask.area === 'anywhere' ||
    (mask.area === 'inside' && named) ||
    (mask.area === 'outside' && !named) ||
    (mask.area === 'background' && !values.some(isStructure));
  const density = hu[k][i + SHAPE[0] * j];
  const inRange = mask.hu === null || (isLoaded(k) && density >= mask.hu[0] && density <= mask.hu[1]);
  const index = mask.slices === null ? 0 : at[PLANE_AXIS[mask.slices.plane]];
  const inSlices = mask.slices === null || (index >= mask.slices.first && index <= mask.slices.last);
  return inArea && inRange && inSlices;
}

function forEachChange(
  before: LabelMap,
  after: LabelMap,
  visit: (at: readonly [number, number, number], layer: number, old: number, now: number) => void,
): void {
  for (const { layer, k } of diffMasks(before, after)) visitSlice(layer, k);
  function visitSlice(layer: number, k: number): void {
    before.layers[layer][k].forEach((old, p) => {
      const now = after.layers[layer][k][p];
      if (now !== old) visit([p % SHAPE[0], Math.floor(p / SHAPE[0]), k], layer, old, now);
    });
  }
}

describe('a brush that moves on', () => {
  const paths = fc.array(fc.tuple(fc.nat(SHAPE[0]), fc.nat(SHAPE[1]), fc.nat(SHAPE[2])), {
    minLength: 2,
    maxLength: 6,
  });

  it('paints what a stroke for each of its pieces does', () => {
    const ways = fc.constantFrom<StrokeTarget>(
      { tool: 'brush', layer: 0, value: 2 },
      { tool: 'eraser', layer: 0, value: 2, all: true },
      { tool: 'threshold_brush', layer: 0, value: 4, hu: [-60, 80] },
      { tool: 'accept_brush', layer: 0, value: 2, writes: otherMap() },
    );
    const plane = fc.constantFrom<Plane | null>('axial', 'coronal', 'sagittal', null);
    fc.assert(
      fc.property(paths, ways, plane, fc.nat(5), anyMask, (path, target, where, radius, mask) => {
        const stamps = path.map((point, n) => {
          const from = ijk(...(path[n - 1] ?? point));
          return { from, to: ijk(...point), radius_mm: 1 + radius, plane: where };
        });
        const [once, often] = [lockedEngine(), lockedEngine()];
        for (const engine of [once, often]) engine.setMask(mask);
        stroke(once, target, stamps);
        for (const stamp of stamps) stroke(often, target, [stamp]);
        expect(differing(once.map, often.map)).toBe(0);
      }),
      { numRuns: 300 },
    );
  });
});

describe('any sequence of edits', () => {
  it('comes back exactly: undo all is the start, redo all is the end', () => {
    fc.assert(
      fc.property(anySequence, (actions) => {
        const engine = lockedEngine();
        takeAll(engine, actions);
        while (engine.redo() !== null);
        const end = engine.map.copy();
        while (engine.undo() !== null);
        expect(engine.reachesStart).toBe(true);
        expect(differing(engine.map, startMap())).toBe(0);
        while (engine.redo() !== null);
        expect(differing(engine.map, end)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('reaches a copy of the mask through its deltas on the wire, byte for byte', () => {
    fc.assert(
      fc.property(anySequence, (actions) => {
        const engine = lockedEngine();
        const copy = startMap();
        for (const { delta } of takeAll(engine, actions)) applyEdits(copy, decodeEdits(encodeEdits(delta)));
        expect(differing(copy, engine.map)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('reaches it through what is sent, too, which names no fewer voxels and takes no more runs', () => {
    fc.assert(
      fc.property(anySequence, (actions) => {
        const engine = lockedEngine();
        const copy = startMap();
        for (const { sent, delta } of takeAll(engine, actions)) {
          applyEdits(copy, decodeEdits(encodeRowEdits(sent, SHAPE[0])));
          expect(runsIn(sent)).toBeLessThanOrEqual(runsIn(delta));
          expect(voxelsIn(sent)).toBeGreaterThanOrEqual(voxelsIn(delta));
        }
        expect(differing(copy, engine.map)).toBe(0);
      }),
      { numRuns: 200 },
    );
  });

  it('keeps the counts of every value, of each slice and of the whole', () => {
    fc.assert(
      fc.property(anySequence, (actions) => {
        const engine = lockedEngine();
        takeAll(engine, actions);
        for (const layer of [0, 1]) {
          const counted = Float64Array.from({ length: 256 }, (_, value) => engine.voxelCount(layer, value));
          expect(counted).toEqual(engine.map.histogram(layer));
          const inSlice = engine.map.layers[layer][5].reduce((n, value) => n + (value === 2 ? 1 : 0), 0);
          expect(engine.sliceCount(layer, 5, 2)).toBe(inSlice);
        }
      }),
    );
  });

  it('moves the version with every change and only then', () => {
    fc.assert(
      fc.property(anySequence, (actions) => {
        const engine = lockedEngine();
        for (const action of actions) {
          const [before, version] = [engine.map.copy(), engine.version];
          take(engine, action);
          if (engine.version === version) expect(differing(before, engine.map)).toBe(0);
          else expect(engine.version).toBeGreaterThan(version);
        }
      }),
      { numRuns: 60 },
    );
  });
});

describe('any edit', () => {
  it('changes nothing outside of its mask, in no tool and no layer', () => {
    const hu = huSlices();
    fc.assert(
      fc.property(anyMask, fc.array(anyEdit, { maxLength: 4 }), (mask, edits) => {
        const engine = lockedEngine();
        engine.setMask(mask);
        for (const edit of edits) {
          const before = engine.map.copy();
          take(engine, edit);
          forEachChange(before, engine.map, (at) => expect(allows(mask, before, hu, at)).toBe(true));
        }
      }),
      { numRuns: 200 },
    );
  });

  it('changes every voxel that mask, locks and tool allow', () => {
    const hu = huSlices();
    fc.assert(
      fc.property(anyMask, fc.integer({ min: 1, max: 5 }), (mask, value) => {
        fc.pre(value !== LOCKED);
        const engine = lockedEngine();
        engine.setMask(mask);
        const before = engine.map.copy();
        engine.begin({ tool: 'brush', layer: 0, value });
        engine.stamp({ from: ijk(10, 8, 6), to: ijk(10, 8, 6), radius_mm: 100, plane: null });
        engine.commit();
        const wrong = Array.from(engine.map.layerVoxels(0)).filter((now, p) => {
          const at = [p % SHAPE[0], Math.floor(p / SHAPE[0]) % SHAPE[1], Math.floor(p / 320)] as const;
          const old = before.layerVoxels(0)[p];
          return now !== (old !== LOCKED && allows(mask, before, hu, at) ? value : old);
        });
        expect(wrong).toHaveLength(0);
      }),
    );
  });

  it('keeps to the HU range of its tool', () => {
    const hu = huSlices();
    fc.assert(
      fc.property(anyDrawn, (edit) => {
        const engine = lockedEngine();
        take(engine, edit);
        const range = edit.target.hu;
        if (range === undefined) return;
        forEachChange(startMap(), engine.map, ([i, j, k]) => {
          const density = hu[k][i + SHAPE[0] * j];
          expect(isLoaded(k) && density >= range[0] && density <= range[1]).toBe(true);
        });
      }),
    );
  });

  it('neither takes from a locked structure nor gives to it', () => {
    fc.assert(
      fc.property(anySequence, (actions) => {
        const engine = lockedEngine();
        takeAll(engine, actions);
        const start = startMap();
        for (const layer of [0, 1]) {
          const before = start.layerVoxels(layer);
          const kept = engine.map
            .layerVoxels(layer)
            .every((value, p) => (value === LOCKED) === (before[p] === LOCKED));
          expect(kept).toBe(true);
        }
      }),
    );
  });

  it('never writes "not annotated", nor makes it background', () => {
    fc.assert(
      fc.property(fc.array(anyEdit, { maxLength: 5 }), (edits) => {
        const engine = lockedEngine();
        for (const edit of edits) {
          const before = engine.map.copy();
          take(engine, edit);
          forEachChange(before, engine.map, (_, __, old, now) => {
            expect(now).not.toBe(IGNORE);
            if (old === IGNORE) expect(isStructure(now)).toBe(true);
          });
        }
      }),
    );
  });

  it('restores only its structure from another mask, unless told to restore all', () => {
    const other = otherMap();
    fc.assert(
      fc.property(anyDrawn, (edit) => {
        const engine = lockedEngine();
        const before = engine.map.copy();
        take(engine, { ...edit, target: { ...edit.target, writes: 'other' } });
        forEachChange(before, engine.map, ([i, j, k], layer, old, now) => {
          expect(now).toBe(other.valueAt(layer, ijk(i, j, k)));
          if (edit.target.all !== true) expect([old, now]).toContain(edit.target.value);
        });
      }),
    );
  });

  it('is told structure by structure, as the difference between before and after', () => {
    fc.assert(
      fc.property(anySequence, (actions) => {
        const engine = lockedEngine();
        for (const action of actions) {
          const before = engine.map.copy();
          const record = take(engine, action);
          const found = new Map<string, { added: number; removed: number }>();
          const of = (layer: number, structure: number) => {
            const key = `${layer}/${structure}`;
            const change = found.get(key) ?? { added: 0, removed: 0 };
            found.set(key, change);
            return change;
          };
          forEachChange(before, engine.map, (_, layer, old, now) => {
            if (isStructure(now)) of(layer, now).added += 1;
            if (isStructure(old)) of(layer, old).removed += 1;
          });
          const told = (record?.events ?? []).map(
            ({ layer, structure, added, removed }) => [`${layer}/${structure}`, { added, removed }] as const,
          );
          expect(new Map(told)).toEqual(found);
          expect(record?.added ?? 0).toBe([...found.values()].reduce((sum, { added }) => sum + added, 0));
          expect(record?.removed ?? 0).toBe(
            [...found.values()].reduce((sum, { removed }) => sum + removed, 0),
          );
        }
      }),
      { numRuns: 60 },
    );
  });

  it('has a box that is exactly around what changed', () => {
    fc.assert(
      fc.property(anyEdit, (edit) => {
        const engine = lockedEngine();
        const record = take(engine, edit);
        const low = [Infinity, Infinity, Infinity];
        const high = [-1, -1, -1];
        forEachChange(startMap(), engine.map, (at) => {
          for (const axis of [0, 1, 2]) {
            low[axis] = Math.min(low[axis], at[axis]);
            high[axis] = Math.max(high[axis], at[axis]);
          }
        });
        const size = high.map((last, axis) => last - low[axis] + 1);
        if (record === null) expect(high).toEqual([-1, -1, -1]);
        else expectAround(record.box, { low, size });
      }),
    );
  });

  it('has one block for each slice, with sorted runs that do not overlap', () => {
    fc.assert(
      fc.property(anyEdit, (edit) => {
        const delta = take(lockedEngine(), edit)?.delta ?? [];
        expect(new Set(delta.map(({ layer, k }) => `${layer}/${k}`)).size).toBe(delta.length);
        for (const { starts, lengths } of delta) {
          for (let r = 1; r < starts.length; r++) {
            expect(starts[r]).toBeGreaterThanOrEqual(starts[r - 1] + lengths[r - 1]);
          }
        }
      }),
    );
  });
});

/** A run that goes over the end of a row makes the box as wide as the scan. */
function expectAround(
  box: { low: readonly number[]; size: readonly number[] },
  exact: { low: readonly number[]; size: readonly number[] },
): void {
  expect(box.low.slice(1)).toEqual(exact.low.slice(1));
  expect(box.size.slice(1)).toEqual(exact.size.slice(1));
  if (box.size[0] !== SHAPE[0]) expect([box.low[0], box.size[0]]).toEqual([exact.low[0], exact.size[0]]);
}

function stroke(engine: EditEngine, target: StrokeTarget, stamps: readonly Stamp[]): void {
  if (!engine.begin(target)) return;
  for (const stamp of stamps) engine.stamp(stamp);
  engine.commit();
}

function runsIn(slices: readonly SliceRuns[]): number {
  return slices.reduce((sum, { starts }) => sum + starts.length, 0);
}

function voxelsIn(slices: readonly SliceRuns[]): number {
  return slices.reduce((sum, { lengths }) => sum + lengths.reduce((n, length) => n + length, 0), 0);
}
