import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ijk, ijk, type Plane, type Triple } from '../../voxels';
import { type Ellipse, middleOf, outlineOf } from './ellipse';
import { greyInside, greyWords } from './ellipseGrey';
import type { ToolImage } from './host';
import { endsOf, measurementBetween, measurementOf, textOf, withEnd } from './measure';
import { MeasuringTool } from './measuring';
import { isShownIn, type Sheet, sheetIn } from './sheet';
import { TestPane } from './toolTesting';

const SHAPE: Triple = [24, 20, 12];
const SPACING: Triple = [1, 1.5, 2.5];
const PLANES: readonly Plane[] = ['axial', 'sagittal', 'coronal'];

/** A linear ramp plus something that no neighbour has. */
function huAt(i: number, j: number, k: number): number {
  return 10 * i - 7 * j + 3 * k + ((i * 31 + j * 17 + k * 7) % 13);
}

function scan(hu = huAt, isFull: (k: number) => boolean = () => true): ToolImage {
  const slices = Array.from({ length: SHAPE[2] }, (_, k) =>
    Int16Array.from({ length: SHAPE[0] * SHAPE[1] }, (_, p) => hu(p % SHAPE[0], Math.floor(p / SHAPE[0]), k)),
  );
  return { shape: SHAPE, slices, isFull };
}

function pane(plane: Plane, slice: number, degrees: Triple = [0, 0, 0]): TestPane {
  const made = new TestPane(plane, slice, SHAPE, SPACING);
  made.degrees = degrees;
  return made;
}

function drawn(sheet: Sheet, a: Ijk, b: Ijk): Ellipse {
  return measurementBetween('ellipse', 1, sheet, [a, b]) as Ellipse;
}

function mm(a: Ijk, b: Ijk): Triple {
  return [0, 1, 2].map((n) => ((b[n] as number) - (a[n] as number)) * (SPACING[n] as number)) as never;
}

function dot(a: Triple, b: Triple): number {
  return a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
}

/** How far inside, by the sum of the distances to the two foci, which is how a gardener draws one. */
function slack({ axes: [first, second] }: Ellipse, middle: Ijk, at: Ijk): number {
  const [u, v] = [mm(middle, first[1]), mm(middle, second[1])];
  const [a, b] = [Math.hypot(...u), Math.hypot(...v)];
  const [long, half, short] = a >= b ? [u, a, b] : [v, b, a];
  const focus = Math.sqrt(Math.max(0, half ** 2 - short ** 2)) / half;
  const away = mm(middle, at);
  const to = (sign: number) => Math.hypot(...away.map((x, n) => x - sign * focus * (long[n] as number)));
  return 2 * half - to(1) - to(-1);
}

describe('an ellipse', () => {
  it.each(PLANES)('fills the rectangle that is dragged, in millimetres: %s', (plane) => {
    const { frame } = pane(plane, 5);
    const sheet = sheetIn(pane(plane, 5));
    const corner = (across: number, along: number): Ijk => {
      const at: [number, number, number] = [5, 5, 5];
      at[frame.across] = across;
      at[frame.along] = along;
      return ijk(...at);
    };
    const one = drawn(sheet, corner(2, 8), corner(8, 4));
    const [wide, high] = [6 * SPACING[frame.across], 4 * SPACING[frame.along]];
    expect(one.area_mm2).toBeCloseTo(Math.PI * (wide / 2) * (high / 2), 9);
    expect(middleOf(one)).toEqual(corner(5, 6));
    const outline = outlineOf(one);
    const of = (axis: 0 | 1 | 2) => outline.map((point) => point[axis]);
    expect([Math.min(...of(frame.across)), Math.max(...of(frame.across))]).toEqual([2, 8]);
    expect([Math.min(...of(frame.along)), Math.max(...of(frame.along))]).toEqual([4, 8]);
  });

  const place = fc.tuple(
    fc.double({ min: 1, max: 18, noNaN: true }),
    fc.double({ min: 1, max: 10, noNaN: true }),
  );

  it('keeps its axes at a right angle, its middle and its other axis, whichever end is dragged', () => {
    fc.assert(
      fc.property(place, place, fc.constantFrom(0, 1, 2, 3), place, (a, b, end, to) => {
        fc.pre(Math.abs(a[0] - b[0]) > 0.5 && Math.abs(a[1] - b[1]) > 0.5);
        const sheet = sheetIn(pane('coronal', 4));
        const before = drawn(sheet, ijk(a[0], 4, a[1]), ijk(b[0], 4, b[1]));
        const middle = middleOf(before);
        fc.pre(Math.hypot(...mm(middle, ijk(to[0], 4, to[1]))) > 0.2);
        const after = withEnd(before, sheet.frame, end as 0, ijk(to[0], 4, to[1])) as Ellipse;
        const [first, second] = after.axes.map(([p, q]) => mm(p, q)) as [Triple, Triple];
        expect(Math.abs(dot(first, second))).toBeLessThan(1e-6);
        endsOf(after)[end]?.[1].forEach((value, axis) => {
          expect(value).toBeCloseTo([to[0], 4, to[1]][axis] as number, 6);
        });
        middleOf(after).forEach((value, axis) => {
          expect(value).toBeCloseTo(middle[axis] as number, 6);
        });
        const other = end < 2 ? 1 : 0;
        const length = (one: Ellipse) => Math.hypot(...mm(...one.axes[other]));
        expect(length(after)).toBeCloseTo(length(before), 6);
      }),
    );
  });

  it('goes with its middle and keeps its form', () => {
    const sheet = sheetIn(pane('axial', 3));
    const before = drawn(sheet, ijk(2, 2, 3), ijk(8, 6, 3));
    const after = withEnd(before, sheet.frame, 4, ijk(12, 10, 3)) as Ellipse;
    expect(middleOf(after)).toEqual([12, 10, 3]);
    expect(after.area_mm2).toBeCloseTo(before.area_mm2, 9);
  });

  it('is the same again from the points that are kept of it', () => {
    const sheet = sheetIn(pane('sagittal', 4));
    const one = drawn(sheet, ijk(4, 3.25, 2), ijk(4, 9.5, 8.75));
    const { id, label, kind, plane, tilt } = one;
    const points = endsOf(one).map(([, index]) => index);
    expect(measurementOf({ id, label, kind, plane, tilt, points }, SHAPE, SPACING)).toEqual(one);
    const three = { id, label, kind, plane, tilt, points: points.slice(0, 3) };
    expect(measurementOf(three, SHAPE, SPACING)).toBeNull();
  });

  it('says its area with as many digits as it can bear', () => {
    const sheet = sheetIn(pane('axial', 3));
    expect(textOf(drawn(sheet, ijk(2, 2, 3), ijk(4, 4, 3)))).toBe('4.7 mm²');
    expect(textOf(drawn(sheet, ijk(0, 0, 3), ijk(20, 16, 3)))).toBe('377 mm²');
  });
});

/** The HU of the voxels of slice 6 that it holds, and how near the nearest of all comes to its line. */
function within(one: Ellipse, normal: 0 | 1 | 2): readonly [number[], number] {
  const inside: number[] = [];
  let nearest = 1;
  for (let p = 0; p < SHAPE[0] * SHAPE[1] * SHAPE[2]; p++) {
    const [i, j] = [p % SHAPE[0], Math.floor(p / SHAPE[0]) % SHAPE[1]];
    const k = Math.floor(p / (SHAPE[0] * SHAPE[1]));
    if ([i, j, k][normal] !== 6) continue;
    const by = slack(one, middleOf(one), ijk(i, j, k));
    nearest = Math.min(nearest, Math.abs(by));
    if (by >= 0) inside.push(huAt(i, j, k));
  }
  return [inside, nearest];
}

describe('the HU within an ellipse', () => {
  it('are those of every voxel whose centre it holds, and of no other', () => {
    const image = scan();
    const any = fc.integer({ min: -300, max: 2600 }).map((n) => n / 97);
    fc.assert(
      fc.property(fc.constantFrom(...PLANES), fc.tuple(any, any, any, any, any, any), (plane, given) => {
        const sheet = sheetIn(pane(plane, 6));
        const { across, along, normal } = sheet.frame;
        const at = (x: number, y: number): Ijk => {
          const index: [number, number, number] = [6, 6, 6];
          index[across] = x;
          index[along] = y;
          return ijk(...index);
        };
        const [a, b, c, d, x, y] = given;
        fc.pre(Math.abs(a - c) > 0.3 && Math.abs(b - d) > 0.3);
        const upright = drawn(sheet, at(a, b), at(c, d));
        fc.pre(Math.hypot(...mm(middleOf(upright), at(x, y))) > 0.3);
        const one = withEnd(upright, sheet.frame, 1, at(x, y)) as Ellipse;
        const [inside, nearest] = within(one, normal);
        // On the line itself, rounding decides.
        fc.pre(nearest > 1e-9);
        const grey = greyInside(one, sheet.frame, image);
        expect(grey?.samples).toBe(inside.length);
        if (grey === null || inside.length === 0) return;
        const mean = inside.reduce((sum, hu) => sum + hu, 0) / inside.length;
        const spread = Math.sqrt(inside.reduce((sum, hu) => sum + (hu - mean) ** 2, 0) / inside.length);
        expect(grey.mean_hu).toBeCloseTo(mean, 6);
        expect(grey.sd_hu).toBeCloseTo(spread, 4);
        expect([grey.least_hu, grey.most_hu]).toEqual([Math.min(...inside), Math.max(...inside)]);
      }),
    );
  });

  it('of a turned plane are those between the voxels: a ramp has the value of its middle', () => {
    const ramp = (i: number, j: number, k: number): number => 8 * i + 4 * j + 2 * k;
    const turned = pane('axial', 6, [20, -15, 40]);
    const sheet = sheetIn(turned);
    const half = 40;
    const at = (dx: number, dy: number): Ijk => turned.indexAt({ x: 200 + dx, y: 200 + dy });
    const one = drawn(sheet, at(-half, -half / 2), at(half, half / 2));
    // 10 pixels are a millimetre.
    expect(one.area_mm2).toBeCloseTo(Math.PI * 4 * 2, 6);
    const grey = greyInside(one, sheet.frame, scan(ramp));
    const [i, j, k] = middleOf(one);
    expect(grey?.mean_hu).toBeCloseTo(ramp(i, j, k), 6);
    expect(grey?.samples).toBeGreaterThan(20);
  });

  it('waits for slices that are still to come, and has nothing where it holds no voxel', () => {
    const sheet = sheetIn(pane('coronal', 4));
    const one = drawn(sheet, ijk(2, 4, 2), ijk(8, 4, 8));
    expect(
      greyInside(
        one,
        sheet.frame,
        scan(huAt, (k) => k !== 7),
      ),
    ).toBeNull();
    expect(
      greyInside(
        one,
        sheet.frame,
        scan(huAt, (k) => k !== 9),
      ),
    ).not.toBeNull();
    const between = drawn(sheet, ijk(2.2, 4, 2.2), ijk(2.8, 4, 2.8));
    expect(greyInside(between, sheet.frame, scan())?.samples).toBe(0);
    expect(greyWords(greyInside(between, sheet.frame, scan()))).toEqual(['no voxel inside']);
    expect(greyWords(null)).toEqual(['HU: still loading']);
    const grey = { samples: 9, mean_hu: -12.34, sd_hu: 3.21, least_hu: -20, most_hu: 5 };
    expect(greyWords(grey)).toEqual(['−12.3 ± 3.2 HU (SD)', '−20 … 5 HU']);
  });
});

describe('in a plane that was turned', () => {
  const turned = pane('axial', 6, [25, 0, 10]);
  const tool = new MeasuringTool(() => {}, scan(), SPACING);

  it.each(['length', 'bidirectional', 'ellipse'] as const)('one measures as in a slice: %s', (kind) => {
    tool.restore([]);
    const gesture = tool.begin(turned, kind, { x: 120, y: 150 });
    gesture.move({ x: 280, y: 250 });
    gesture.end();
    const [one] = tool.all;
    expect(one).toMatchObject({ kind, tilt: [25, 0, 10], plane: 'axial' });
    if (one?.kind === 'length') expect(one.length_mm).toBeCloseTo(Math.hypot(16, 10), 6);
    if (one?.kind === 'bidirectional') expect(one.short_mm).toBeCloseTo(Math.hypot(16, 10) / 2, 6);
    if (one?.kind === 'ellipse') expect(one.area_mm2).toBeCloseTo(Math.PI * 8 * 5, 6);
  });

  it('it is shown there and nowhere else, and its ends can be taken there', () => {
    const [one] = tool.all;
    if (one?.kind !== 'ellipse') throw new Error('no ellipse');
    const sheet = sheetIn(turned);
    expect(isShownIn(sheet, turned)).toBe(true);
    for (const other of [pane('axial', 6), pane('axial', 6, [25, 0, 11]), pane('coronal', 6, [25, 0, 10])]) {
      expect(isShownIn(sheet, other)).toBe(false);
    }
    const beyond = pane('axial', 8, [25, 0, 10]);
    expect(isShownIn(sheet, beyond)).toBe(false);
    tool.hover(turned, turned.screenOf(one.axes[0][1]));
    expect(tool.hovered).toBe(one.id);
    tool.hover(turned, turned.screenOf(middleOf(one)));
    expect(tool.hovered).toBe(one.id);
    tool.hover(pane('axial', 6), turned.screenOf(middleOf(one)));
    expect(tool.hovered).toBeNull();
  });
});

it('a drag without height or width is no ellipse', () => {
  const tool = new MeasuringTool(() => {}, scan(), SPACING);
  const gesture = tool.begin(pane('axial', 3), 'ellipse', { x: 100, y: 100 });
  gesture.move({ x: 200, y: 101 });
  gesture.end();
  expect(tool.all).toEqual([]);
});
