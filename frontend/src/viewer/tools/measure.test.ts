import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ijk, ijk } from '../../voxels';
import { planeFrame } from '../planeFrame';
import type { ToolImage } from './host';
import { angleAt, endsOf, measurementBetween, measurementOf, textOf, withEnd } from './measure';
import { MeasuringTool } from './measuring';
import type { Measurement } from './port';
import { type Sheet, sheetIn } from './sheet';
import { SHAPE, SPACING, TestPane } from './toolTesting';

const CORONAL = planeFrame('coronal', SHAPE, SPACING);
const STRAIGHT = [0, 0, 0] as const;
const SHEET: Sheet = { frame: CORONAL, tilt: STRAIGHT, slice: 4, through: ijk(0, 4, 0) };
const HERE: ToolImage = {
  shape: SHAPE,
  slices: Array.from({ length: SHAPE[2] }, () => new Int16Array(SHAPE[0] * SHAPE[1])),
  isFull: () => true,
};

function newTool(): MeasuringTool {
  return new MeasuringTool(() => {}, HERE, SPACING);
}

type Bidirectional = Extract<Measurement, { kind: 'bidirectional' }>;

function bidirectional(a: readonly [number, number], b: readonly [number, number]): Bidirectional {
  const ends = [ijk(a[0], 4, a[1]), ijk(b[0], 4, b[1])] as const;
  return measurementBetween('bidirectional', 1, SHEET, ends) as Bidirectional;
}

function inMm([i, , k]: readonly [number, number, number]): [number, number] {
  return [i * SPACING[0], k * SPACING[2]];
}

/** Cosine of the angle between the two axes. */
function cosine({ long, short }: Bidirectional): number {
  const [a, b, c, d] = [...long, ...short].map(inMm);
  if (!a || !b || !c || !d) return 1;
  const [u, v] = [[b[0] - a[0], b[1] - a[1]] as const, [d[0] - c[0], d[1] - c[1]] as const];
  return (u[0] * v[0] + u[1] * v[1]) / (Math.hypot(...u) * Math.hypot(...v));
}

describe('a length', () => {
  it('is in millimetres of the plane', () => {
    const length = measurementBetween('length', 1, SHEET, [ijk(2, 4, 3), ijk(5, 4, 5)]);
    expect(length).toMatchObject({ plane: 'coronal', slice: 4, length_mm: 5 });
    expect(textOf(length)).toBe('5.0 mm');
    expect(textOf(length, false)).toBe('5.0 voxels');
    expect(withEnd(length, CORONAL, 0, ijk(5, 4, 0))).toMatchObject({ length_mm: 10 });
  });
});

describe('a bidirectional measurement', () => {
  const place = fc.tuple(
    fc.double({ min: 0, max: 20, noNaN: true }),
    fc.double({ min: 0, max: 11, noNaN: true }),
  );

  it('keeps its axes at a right angle and its lengths true, whatever end is dragged', () => {
    fc.assert(
      fc.property(place, place, fc.constantFrom(0, 1, 2, 3), place, (a, b, end, to) => {
        fc.pre(Math.hypot(a[0] - b[0], 2 * (a[1] - b[1])) > 0.5);
        const moved = withEnd(bidirectional(a, b), CORONAL, end as 0, ijk(to[0], 4, to[1])) as Bidirectional;
        fc.pre(moved.long_mm > 0.5 && moved.short_mm > 0.5);
        expect(Math.abs(cosine(moved))).toBeLessThan(1e-6);
        const [c, d] = moved.short.map(inMm) as [[number, number], [number, number]];
        expect(Math.hypot(d[0] - c[0], d[1] - c[1])).toBeCloseTo(moved.short_mm, 6);
        for (const [, index] of endsOf(moved)) expect(index[1]).toBe(4);
      }),
    );
  });

  it('starts with a short axis of half the length through the middle', () => {
    const { long_mm, short_mm, short } = bidirectional([2, 4], [12, 4]);
    expect([long_mm, short_mm]).toEqual([10, 5]);
    expect((short[0][0] + short[1][0]) / 2).toBeCloseTo(7);
  });
});

describe('an angle', () => {
  const RIGHT = [ijk(2, 4, 3), ijk(2, 4, 6), ijk(8, 4, 6)] as const;

  it('is in degrees of the plane, between 0 and 180, wherever its points are dragged', () => {
    const right = angleAt(1, SHEET, RIGHT);
    expect(right).toMatchObject({ plane: 'coronal', slice: 4, angle_deg: 90 });
    expect(textOf(right)).toBe('90.0°');
    // Slices are 2 mm apart: six columns by three slices are as wide as they are high.
    expect(withEnd(right, CORONAL, 2, ijk(8, 4, 3))).toMatchObject({ angle_deg: 45 });
    expect(withEnd(right, CORONAL, 2, ijk(8, 4, 9))).toMatchObject({ angle_deg: 135 });
    expect(withEnd(right, CORONAL, 0, ijk(20, 4, 6))).toMatchObject({ angle_deg: 0 });
    expect(withEnd(right, CORONAL, 1, ijk(5, 4, 4.5))).toMatchObject({ angle_deg: 180 });
    expect(withEnd(right, CORONAL, 1, RIGHT[0])).toMatchObject({ angle_deg: 0 });
  });

  it('does not depend on which arm came first', () => {
    const point = fc.tuple(
      fc.double({ min: 0, max: 20, noNaN: true }),
      fc.double({ min: 0, max: 11, noNaN: true }),
    );
    fc.assert(
      fc.property(point, point, point, (a, b, c) => {
        const [first, vertex, second] = [a, b, c].map(([i, k]) => ijk(i, 4, k)) as [Ijk, Ijk, Ijk];
        const one = angleAt(1, SHEET, [first, vertex, second]).angle_deg;
        expect(one).toBeGreaterThanOrEqual(0);
        expect(one).toBeLessThanOrEqual(180);
        expect(angleAt(1, SHEET, [second, vertex, first]).angle_deg).toBeCloseTo(one, 6);
      }),
    );
  });
});

describe('a kept measurement', () => {
  const drawn = [
    { ...measurementBetween('length', 7, SHEET, [ijk(2.25, 4, 3), ijk(5, 4, 5.5)]), label: 'cyst' },
    bidirectional([2, 4], [12.5, 7]),
    angleAt(3, SHEET, [ijk(2.25, 4, 3), ijk(5, 4, 5.5), ijk(12, 4, 4)]),
  ];

  it.each(drawn)('is the same again from its points: $kind', (measurement) => {
    const points = endsOf(measurement).map(([, index]) => index);
    const { id, label, kind, plane, tilt } = measurement;
    expect(measurementOf({ id, label, kind, plane, tilt, points }, SHAPE, SPACING)).toEqual(measurement);
  });

  it('is none where points are missing', () => {
    const kept = {
      id: 1,
      label: '',
      plane: 'axial',
      tilt: STRAIGHT,
      points: [ijk(1, 1, 1), ijk(2, 2, 1)],
    } as const;
    expect(measurementOf({ ...kept, kind: 'bidirectional' }, SHAPE, SPACING)).toBeNull();
    expect(measurementOf({ ...kept, kind: 'angle' }, SHAPE, SPACING)).toBeNull();
    expect(measurementOf({ ...kept, kind: 'length', points: [ijk(1, 1, 1)] }, SHAPE, SPACING)).toBeNull();
  });
});

describe('measuring', () => {
  function measure(tool: MeasuringTool, pane: TestPane, from: [number, number], to: [number, number]): void {
    const gesture = tool.begin(pane, 'length', pane.over(...from));
    gesture.move(pane.over(...to));
    gesture.end();
  }

  it('draws by dragging, moves an end, deletes, and keeps nothing of a click', () => {
    const told: number[] = [];
    const tool = newTool();
    tool.changed.add((all) => told.push(all.length));
    const pane = new TestPane('axial', 3);
    measure(tool, pane, [2, 2], [8, 2]);
    expect(tool.all).toMatchObject([{ length_mm: 6, slice: 3 }]);
    measure(tool, pane, [8, 2], [8, 10]);
    expect(tool.all.length).toBe(1);
    expect(tool.all[0]).toMatchObject({ length_mm: 10 });
    tool.begin(pane, 'length', pane.over(15, 15)).end();
    expect(tool.all.length).toBe(1);
    tool.hover(pane, pane.over(2, 2));
    expect(tool.hovered).toBe(tool.all[0]?.id);
    tool.remove(tool.hovered ?? 0);
    expect(tool.all).toEqual([]);
    expect(told.at(-1)).toBe(0);
  });

  it('is settled at the end of a drag, and never half-way', () => {
    const [tool, pane] = [newTool(), new TestPane('axial', 3)];
    const settled: (readonly Measurement[])[] = [];
    const told: (readonly Measurement[])[] = [];
    tool.onSettled((all) => settled.push(all));
    tool.onChange((all) => told.push(all));
    const gesture = tool.begin(pane, 'length', pane.over(2, 2));
    for (const column of [4, 6, 8]) gesture.move(pane.over(column, 2));
    expect([told.length, settled.length]).toEqual([3, 0]);
    gesture.end();
    expect(settled).toMatchObject([[{ length_mm: 6 }]]);
    const grip = tool.begin(pane, 'length', pane.over(8, 2));
    grip.move(pane.over(8, 10));
    expect(settled.length).toBe(1);
    grip.cancel();
    expect(settled.at(-1)).toMatchObject([{ length_mm: 6 }]);
    tool.begin(pane, 'length', pane.over(15, 15)).end();
    tool.label(tool.all[0]?.id ?? 0, 'cyst');
    expect(settled.at(-1)).toMatchObject([{ length_mm: 6, label: 'cyst' }]);
    tool.remove(tool.all[0]?.id ?? 0);
    expect(settled.at(-1)).toEqual([]);
  });

  it('draws an angle by a drag and a click, or by three clicks', () => {
    const [tool, pane] = [newTool(), new TestPane('axial', 3)];
    const click = (column: number, row: number) => tool.begin(pane, 'angle', pane.over(column, row)).end();
    const arm = tool.begin(pane, 'angle', pane.over(2, 2));
    arm.move(pane.over(10, 2));
    arm.end();
    expect([tool.isOpen, tool.all]).toEqual([true, []]);
    tool.hover(pane, pane.over(10, 9));
    click(10, 2);
    expect(tool.all).toEqual([]);
    click(10, 9);
    expect([tool.isOpen, tool.all]).toMatchObject([false, [{ kind: 'angle', slice: 3, angle_deg: 90 }]]);
    click(4, 14);
    click(4, 10);
    click(8, 14);
    expect(tool.all[1]).toMatchObject({ kind: 'angle', angle_deg: 45 });
    const end = tool.begin(pane, 'angle', pane.over(8, 14));
    end.move(pane.over(9, 10));
    end.end();
    expect(tool.all[1]).toMatchObject({ angle_deg: 90 });
    expect(tool.all.length).toBe(2);
  });

  it('drops an angle that is left, in another slice or with a second finger', () => {
    const [tool, pane] = [newTool(), new TestPane('axial', 3)];
    const first = tool.begin(pane, 'angle', pane.over(2, 2));
    first.move(pane.over(10, 2));
    first.end();
    const elsewhere = new TestPane('axial', 5);
    tool.begin(elsewhere, 'angle', elsewhere.over(4, 4)).end();
    tool.begin(pane, 'angle', pane.over(9, 9)).cancel();
    expect([tool.isOpen, tool.all]).toEqual([false, []]);
  });

  it('goes on from what an earlier sitting left, and keeps a label while an end is dragged', () => {
    const [tool, pane] = [newTool(), new TestPane('axial', 3)];
    const kept = {
      ...measurementBetween('length', 5, sheetIn(pane), [ijk(2, 2, 3), ijk(8, 2, 3)]),
      label: 'cyst',
    };
    tool.restore([kept]);
    measure(tool, pane, [8, 2], [8, 10]);
    measure(tool, pane, [15, 15], [15, 18]);
    expect(tool.all.map(({ id, label }) => [id, label])).toEqual([
      [5, 'cyst'],
      [6, ''],
    ]);
    tool.label(6, 'node');
    expect(tool.all[1]).toMatchObject({ label: 'node', length_mm: 3 });
  });

  it('holds its ends on the scan', () => {
    const tool = newTool();
    measure(tool, new TestPane('axial', 3), [20, 2], [400, -90]);
    expect(tool.all[0]).toMatchObject({
      ends: [
        [20, 2, 3],
        [23.5, -0.5, 3],
      ],
    });
  });

  it('does not touch what somebody else measured', () => {
    const [tool, pane] = [newTool(), new TestPane('axial', 3)];
    tool.show([measurementBetween('length', 1, sheetIn(pane), [ijk(2, 2, 3), ijk(8, 2, 3)])]);
    tool.hover(pane, pane.over(2, 2));
    expect([tool.hovered, tool.all]).toEqual([null, []]);
  });

  it('draws both axes of a bidirectional measurement while its long one is dragged', () => {
    const tool = newTool();
    const pane = new TestPane('axial', 3);
    const gesture = tool.begin(pane, 'bidirectional', pane.over(2, 2));
    gesture.move(pane.over(4, 2));
    gesture.move(pane.over(10, 2));
    gesture.end();
    expect(tool.all).toMatchObject([{ long_mm: 8, short_mm: 4 }]);
  });

  it('belongs to its slice: in another one its ends are not taken', () => {
    const tool = newTool();
    measure(tool, new TestPane('axial', 3), [2, 2], [8, 2]);
    measure(tool, new TestPane('axial', 4), [8, 2], [8, 10]);
    expect(tool.all.map(({ slice }) => slice)).toEqual([3, 4]);
    expect(tool.all[0]).toMatchObject({ length_mm: 6 });
  });
});
