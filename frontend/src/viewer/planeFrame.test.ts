import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, ijk, lastOf, PLANES, type Triple } from '../voxels';
import { fitScale, fittedView, type PlaneView, planeFrame, toIndex, toScreen, withSlice } from './planeFrame';

const SHAPE: Triple = [100, 80, 40];
const SPACING: Triple = [1, 1.25, 5];
const view: PlaneView = { centre: ijk(50, 40, 20), pixelsPerMm: 2, width: 600, height: 400 };

describe('the screen of each plane', () => {
  it('axial: left of the patient on the right, anterior at the top', () => {
    const frame = planeFrame('axial', SHAPE, SPACING);
    expect(toScreen(frame, view, ijk(50, 40, 20))).toEqual({ x: 300, y: 200 });
    expect(toScreen(frame, view, ijk(51, 40, 20))).toEqual({ x: 302, y: 200 });
    expect(toScreen(frame, view, ijk(50, 41, 20))).toEqual({ x: 300, y: 202.5 });
  });

  it('coronal: left of the patient on the right, superior at the top', () => {
    const frame = planeFrame('coronal', SHAPE, SPACING);
    expect(toScreen(frame, view, ijk(51, 40, 21))).toEqual({ x: 302, y: 190 });
  });

  it('sagittal: posterior on the right, superior at the top', () => {
    const frame = planeFrame('sagittal', SHAPE, SPACING);
    expect(toScreen(frame, view, ijk(50, 41, 21))).toEqual({ x: 302.5, y: 190 });
  });
});

const pixel = fc.record({
  x: fc.double({ min: -50, max: 700, noNaN: true }),
  y: fc.double({ min: -50, max: 500, noNaN: true }),
});

describe('toIndex', () => {
  it('is the inverse of toScreen and stays in the shown slice', () => {
    fc.assert(
      fc.property(fc.constantFrom(...PLANES), pixel, (plane, point) => {
        const frame = planeFrame(plane, SHAPE, SPACING);
        const index = toIndex(frame, view, point);
        expect(index[frame.normal]).toBe(view.centre[frame.normal]);
        const back = toScreen(frame, view, index);
        expect(back.x).toBeCloseTo(point.x, 6);
        expect(back.y).toBeCloseTo(point.y, 6);
      }),
    );
  });
});

describe('withSlice', () => {
  it('a slice outside of the scan becomes the last one', () => {
    const frame = planeFrame('sagittal', SHAPE, SPACING);
    expect(withSlice(frame, view, 250).centre).toEqual([99, 40, 20]);
    expect(withSlice(frame, view, -1).centre).toEqual([0, 40, 20]);
  });
});

describe('the view that a case opens with', () => {
  const pane = { width: 600, height: 400 };

  it.each(PLANES)('is the whole slice where all of it is asked for: %s', (plane) => {
    const frame = planeFrame(plane, SHAPE, SPACING);
    const whole: Box = { low: [0, 0, 0], size: SHAPE };
    const opened = fittedView(frame, null, ijk(12, 34, 5), pane);
    expect(opened).toEqual(fittedView(frame, whole, ijk(12, 34, 5), pane));
    expect(opened.pixelsPerMm).toBe(fitScale(frame, 600, 400));
    expect(opened.centre[frame.normal]).toBe([12, 34, 5][frame.normal]);
    expect(opened.centre[frame.across]).toBe((frame.columns - 1) / 2);
    expect(opened.centre[frame.along]).toBe((frame.rows - 1) / 2);
  });

  it.each(PLANES)('is filled by four fifths by the part that is asked for, along one axis: %s', (plane) => {
    const frame = planeFrame(plane, SHAPE, SPACING);
    const part: Box = { low: [70, 50, 4], size: [16, 12, 5] };
    const shown = fittedView(frame, part, ijk(78, 56, 6), pane);
    const half = [0.5, 0.5, 0.5] as const;
    const edge = (index: Triple, sign: number) =>
      toScreen(
        frame,
        shown,
        ijk(...(index.map((n, axis) => n + sign * half[axis as 0]) as [number, number, number])),
      );
    const [a, b] = [edge(part.low, -1), edge(lastOf(part), 1)];
    const [across, along] = [Math.abs(b.x - a.x) / 600, Math.abs(b.y - a.y) / 400];
    expect(Math.max(across, along)).toBeCloseTo(0.8, 6);
    expect([(a.x + b.x) / 2, (a.y + b.y) / 2]).toEqual([expect.closeTo(300, 6), expect.closeTo(200, 6)]);
  });

  it('is no closer than a reader can zoom, and never wider than the slice', () => {
    for (const plane of PLANES) {
      const frame = planeFrame(plane, SHAPE, SPACING);
      const fit = fitScale(frame, 600, 400);
      const voxel: Box = { low: [3, 3, 3], size: [1, 1, 1] };
      expect(fittedView(frame, voxel, ijk(3, 3, 3), pane).pixelsPerMm).toBeLessThanOrEqual(40 * fit);
      const nearly: Box = { low: [0, 0, 0], size: [99, 79, 39] };
      expect(fittedView(frame, nearly, ijk(3, 3, 3), pane).pixelsPerMm).toBeCloseTo(fit, 9);
    }
  });

  it('is the whole width in the slices of a slab, and closer where it is cut', () => {
    const slab: Box = { low: [0, 0, 10], size: [100, 80, 6] };
    const [axial, coronal] = (['axial', 'coronal'] as const).map((plane) =>
      planeFrame(plane, SHAPE, SPACING),
    );
    if (axial === undefined || coronal === undefined) throw new Error('two frames');
    expect(fittedView(axial, slab, ijk(50, 40, 12), pane).pixelsPerMm).toBe(fitScale(axial, 600, 400));
    const across = fittedView(coronal, slab, ijk(50, 40, 12), pane);
    expect(across.pixelsPerMm).toBeCloseTo(6, 9); // 600 px for the 100 mm that are asked for from side to side
    expect(across.centre[2]).toBe(12.5);
  });
});
