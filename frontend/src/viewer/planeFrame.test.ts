import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ijk, PLANES, type Triple } from '../voxels';
import { type PlaneView, planeFrame, toIndex, toScreen, withSlice } from './planeFrame';

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
