import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Ijk, ijk, PLANES, type Plane, type Triple } from '../../voxels';
import { fitScale, type PlaneView, planeFrame, toIndex, toScreen } from '../planeFrame';
import {
  axesOf,
  indexUnder,
  panned,
  screenOf,
  stepped,
  throughPoint,
  turnedInPlane,
  zoomed,
} from './planeAxes';

const SHAPE: Triple = [100, 80, 40];
const SPACING: Triple = [1, 1.25, 5];
const STRAIGHT: Triple = [0, 0, 0];
const view: PlaneView = { centre: ijk(50, 40, 20), pixelsPerMm: 2, width: 600, height: 400 };

const angle = fc.double({ min: -180, max: 180, noNaN: true });
const degrees = fc.tuple(angle, angle, angle);
const pixel = fc.record({
  x: fc.double({ min: -50, max: 700, noNaN: true }),
  y: fc.double({ min: -50, max: 500, noNaN: true }),
});
const anyPlane = fc.constantFrom(...PLANES);

function expectClose(a: Ijk, b: Ijk): void {
  for (const axis of [0, 1, 2] as const) expect(a[axis]).toBeCloseTo(b[axis], 6);
}

function set(plane: Plane, turned: Triple) {
  const frame = planeFrame(plane, SHAPE, SPACING);
  return { frame, axes: axesOf(frame, turned) };
}

describe('a straight plane', () => {
  it('lies where its frame says', () => {
    fc.assert(
      fc.property(anyPlane, pixel, (plane, point) => {
        const { frame, axes } = set(plane, STRAIGHT);
        const index = indexUnder(frame, axes, view, point);
        expectClose(index, toIndex(frame, view, point));
        expect(index[frame.normal]).toBe(view.centre[frame.normal]);
        const { x, y } = screenOf(frame, axes, view, ijk(10, 70, 33));
        const expected = toScreen(frame, view, ijk(10, 70, 33));
        expect(x).toBeCloseTo(expected.x, 6);
        expect(y).toBeCloseTo(expected.y, 6);
      }),
    );
  });

  it('steps by whole slices', () => {
    const { frame, axes } = set('coronal', STRAIGHT);
    expectClose(stepped(frame, axes, ijk(3, 4, 5), -2), ijk(3, 2, 5));
  });
});

describe('a turned plane', () => {
  it('finds the point under a pixel back on that pixel', () => {
    fc.assert(
      fc.property(anyPlane, degrees, pixel, (plane, turned, point) => {
        const { frame, axes } = set(plane, turned);
        const back = screenOf(frame, axes, view, indexUnder(frame, axes, view, point));
        expect(back.x).toBeCloseTo(point.x, 6);
        expect(back.y).toBeCloseTo(point.y, 6);
      }),
    );
  });

  it('turned by 90 degrees about k, the coronal plane is the sagittal one', () => {
    const { frame, axes } = set('coronal', [0, 0, 90]);
    // Right on the screen is +i turned to +j, that is posterior.
    expectClose(indexUnder(frame, axes, view, { x: 302.5, y: 200 }), ijk(50, 41, 20));
    expectClose(indexUnder(frame, axes, view, { x: 300, y: 190 }), ijk(50, 40, 21));
  });

  it('keeps lengths in millimetres', () => {
    fc.assert(
      fc.property(degrees, (turned) => {
        const { frame, axes } = set('axial', turned);
        const [i, j, k] = indexUnder(frame, axes, view, { x: 400, y: 200 });
        expect(Math.hypot((i - 50) * 1, (j - 40) * 1.25, (k - 20) * 5)).toBeCloseTo(50, 6);
      }),
    );
  });

  it('moved through a point shows that point', () => {
    fc.assert(
      fc.property(anyPlane, degrees, (plane, turned) => {
        const { frame, axes } = set(plane, turned);
        const moved = throughPoint(frame, axes, view, ijk(12, 60, 7));
        expectClose(
          indexUnder(frame, axes, moved, screenOf(frame, axes, moved, ijk(12, 60, 7))),
          ijk(12, 60, 7),
        );
      }),
    );
  });
});

describe('moving the view', () => {
  it('a pan moves the content with the pointer', () => {
    const { frame, axes } = set('coronal', STRAIGHT);
    const at = toScreen(frame, panned(frame, axes, view, 30, -12), ijk(51, 40, 21));
    expect(at.x).toBeCloseTo(332);
    expect(at.y).toBeCloseTo(178);
  });

  it('a zoom keeps what is under the pointer', () => {
    fc.assert(
      fc.property(
        anyPlane,
        degrees,
        pixel,
        fc.double({ min: 0.3, max: 3, noNaN: true }),
        (plane, turned, about, factor) => {
          const { frame, axes } = set(plane, turned);
          const after = zoomed(frame, axes, view, factor, about);
          expectClose(indexUnder(frame, axes, after, about), indexUnder(frame, axes, view, about));
        },
      ),
    );
  });

  it('a zoom ends at forty times the fitted size', () => {
    const { frame, axes } = set('axial', STRAIGHT);
    const close = zoomed(frame, axes, view, 1e6, { x: 0, y: 0 });
    expect(close.pixelsPerMm).toBeCloseTo(fitScale(frame, 600, 400) * 40);
  });
});

describe('turning once more', () => {
  it.each(PLANES)('what is seen goes round clockwise, and the plane stays itself: %s', (plane) => {
    fc.assert(
      fc.property(degrees, fc.integer({ min: -170, max: 170 }), (before, by) => {
        fc.pre(Math.abs(Math.abs(before[1]) - 90) > 1);
        const then = set(plane, before);
        const now = set(plane, turnedInPlane(before, plane, by));
        // To a tenth of a degree, in each of three angles.
        now.axes.normal.forEach((value, axis) => {
          expect(Math.abs(value - (then.axes.normal[axis] ?? 0))).toBeLessThan(0.004);
        });
        // A point to the right of the middle, 100 px away, is found this far round after it.
        const right = then.axes.right.map((mm, axis) => mm / (then.frame.spacing_mm[axis] ?? 1));
        const point = view.centre.map((at, axis) => at + 100 * (right[axis] ?? 0)) as unknown as Ijk;
        const { x, y } = screenOf(now.frame, now.axes, view, point);
        const round = (Math.atan2(y - view.height / 2, x - view.width / 2) * 180) / Math.PI;
        expect(Math.abs(round - by)).toBeLessThan(0.3);
      }),
    );
  });

  it('there and back is straight, and a right angle is one', () => {
    for (const plane of PLANES) {
      expect(turnedInPlane(turnedInPlane(STRAIGHT, plane, 35), plane, -35)).toEqual([0, 0, 0]);
    }
    expect(turnedInPlane(STRAIGHT, 'axial', -5)).toEqual([0, 0, 5]);
    expect(turnedInPlane(STRAIGHT, 'coronal', -90)).toEqual([0, 90, 0]);
    expect(turnedInPlane([0, 90, 0], 'coronal', 90)).toEqual([0, 0, 0]);
  });
});
