/** All that is asked for of a scan: nothing outside of it changes, by whatever tool. */
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, boxBetween, boxOf, boxVoxels, lastOf } from '../box';
import { NO_MASK } from '../editMask';
import { applyEdits, decodeEdits, encodeEdits, type SliceRuns } from '../edits';
import { editsWithin } from '../editsWithin';
import { ijk, type Triple } from '../geometry';
import { LabelMap } from '../labelMap';
import { EditEngine } from './editEngine';
import { anyAction, differing, lockedEngine, SHAPE, SPACING, startMap, take } from './testActions';

const SLAB: Box = { low: [0, 0, 4], size: [SHAPE[0], SHAPE[1], 3] };
const CUBE: Box = { low: [3, 2, 4], size: [9, 7, 3] };
const TARGET = { layer: 0, value: 1 };

function bounded(bounds: Box | null): EditEngine {
  const engine = new EditEngine(LabelMap.empty(SHAPE, 1), SPACING);
  engine.setBounds(bounds);
  return engine;
}

function isIn({ low, size }: Box, at: readonly number[]): boolean {
  return at.every((n, axis) => n >= low[axis] && n < low[axis] + size[axis]);
}

/** Voxels of structure 1 inside and outside of the box. */
function drawn(engine: EditEngine, box: Box): { inside: number; outside: number } {
  const found = { inside: 0, outside: 0 };
  engine.map.layers[0].forEach((voxels, k) => {
    voxels.forEach((value, p) => {
      if (value !== 1) return;
      const at = [p % SHAPE[0], Math.floor(p / SHAPE[0]), k];
      if (isIn(box, at)) found.inside += 1;
      else found.outside += 1;
    });
  });
  return found;
}

function changedInside(map: LabelMap, start: LabelMap, box: Box): number {
  let changed = 0;
  for (let layer = 0; layer < map.layers.length; layer++) {
    const [now, before] = [map.cut(layer, box), start.cut(layer, box)];
    now.forEach((value, p) => {
      if (value !== before[p]) changed += 1;
    });
  }
  return changed;
}

function everywhere(): SliceRuns[] {
  const n = SHAPE[0] * SHAPE[1];
  return Array.from({ length: SHAPE[2] }, (_, k) => ({
    layer: 0,
    k,
    starts: Uint32Array.of(0),
    lengths: Uint32Array.of(n),
    values: Uint8Array.of(1),
  }));
}

describe.each([
  ['a slab', SLAB],
  ['a cube', CUBE],
])('what is asked for is %s', (_, box) => {
  it('a stroke changes nothing outside', () => {
    const engine = bounded(box);
    engine.begin({ tool: 'brush', ...TARGET });
    engine.stamp({ from: ijk(2, 4, 0), to: ijk(14, 4, 9), radius_mm: 5, plane: null });
    const record = engine.commit();
    const { inside, outside } = drawn(engine, box);
    expect(inside).toBeGreaterThan(0);
    expect(outside).toBe(0);
    expect(record?.added).toBe(inside);
    engine.undo();
    expect(drawn(engine, box)).toEqual({ inside: 0, outside: 0 });
  });

  it('an operation fills it and no more', () => {
    const engine = bounded(box);
    const whole = boxOf(SHAPE);
    const values = new Uint8Array(boxVoxels(whole)).fill(1);
    engine.apply({ tool: 'threshold', target: TARGET, changes: [{ layer: 0, box: whole, values }] });
    expect(drawn(engine, box)).toEqual({ inside: boxVoxels(box), outside: 0 });
  });

  it('edits that were worked out elsewhere are cut to it', () => {
    const engine = bounded(box);
    engine.take('take_a', TARGET, everywhere());
    expect(drawn(engine, box)).toEqual({ inside: boxVoxels(box), outside: 0 });
  });

  it('the limits that a reader sets hold within it, and do not lift it', () => {
    const engine = bounded(box);
    engine.setMask({ ...NO_MASK, slices: { plane: 'axial', first: 0, last: box.low[2] } });
    engine.take('take_a', TARGET, []);
    const whole = boxOf(SHAPE);
    const values = new Uint8Array(boxVoxels(whole)).fill(1);
    engine.apply({ tool: 'threshold', target: TARGET, changes: [{ layer: 0, box: whole, values }] });
    expect(drawn(engine, box)).toEqual({ inside: box.size[0] * box.size[1], outside: 0 });
  });
});

describe('any sequence of edits in any box', () => {
  const side = (n: number) => fc.tuple(fc.nat(n / 2), fc.integer({ min: n / 2, max: n - 1 }));
  const anyBox = fc.tuple(side(SHAPE[0]), side(SHAPE[1]), side(SHAPE[2])).map((sides): Box => {
    const [first, last] = [0, 1].map((end) => sides.map((ends) => ends[end])) as unknown as [Triple, Triple];
    return boxBetween(first, last);
  });

  it('changes no voxel outside, and says of none that it did', () => {
    const inside = { voxels: 0 };
    fc.assert(
      fc.property(anyBox, fc.array(anyAction, { minLength: 6, maxLength: 14 }), (box, actions) => {
        const [engine, start, told] = [lockedEngine(), startMap(), startMap()];
        engine.setBounds(box);
        for (const action of actions) {
          const record = take(engine, action);
          if (record === null) continue;
          applyEdits(told, decodeEdits(encodeEdits(record.delta)));
        }
        expect(differing(engine.map, told)).toBe(0);
        const changed = differing(engine.map, start);
        expect(changedInside(engine.map, start, box)).toBe(changed);
        inside.voxels += changed;
      }),
      { numRuns: 60 },
    );
    expect(inside.voxels).toBeGreaterThan(500);
  });
});

it('without anything asked for in particular all of the scan can change', () => {
  const engine = bounded(null);
  engine.take('take_a', TARGET, everywhere());
  expect(engine.voxelCount(0, 1)).toBe(SHAPE[0] * SHAPE[1] * SHAPE[2]);
});

it('a box that does not lie within the scan is refused', () => {
  expect(() => bounded({ low: [0, 0, 0], size: [1, 1, SHAPE[2] + 1] })).toThrow('within this scan');
  expect(() => bounded({ low: [0, 0, 0], size: [0, 1, 1] })).toThrow('within this scan');
});

it('runs are cut row by row', () => {
  const ni = SHAPE[0];
  const [slice] = editsWithin(everywhere().slice(5, 6), CUBE, ni);
  const [lastI, lastJ] = lastOf(CUBE);
  expect([...slice.starts]).toEqual(Array.from({ length: 7 }, (_, n) => 3 + ni * (2 + n)));
  expect(new Set(slice.lengths)).toEqual(new Set([9]));
  expect(slice.starts[6] + 8).toBe(lastI + ni * lastJ);
});
