import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type Box, type Ijk, ijk, lastOf, PLANES, type Plane, type Triple } from '../../voxels';
import { type PlaneView, planeFrame, type ScreenPoint } from '../planeFrame';
import { type BoundsMark, boundsOn, middleOf } from './bounds';
import { axesOf, indexUnder } from './planeAxes';

const SHAPE: Triple = [100, 80, 40];
const SPACING: Triple = [1, 1.25, 5];
const CUBE: Box = { low: [40, 30, 10], size: [32, 26, 6] };
const SLAB: Box = { low: [0, 0, 10], size: [100, 80, 6] };
const WIDTH = 600;
const HEIGHT = 400;
const STRAIGHT: Triple = [0, 0, 0];
const ALL = `M0 0H${WIDTH}V${HEIGHT}H0Z`;

function pane(plane: Plane, at: Triple, degrees = STRAIGHT) {
  const frame = planeFrame(plane, SHAPE, SPACING);
  const view: PlaneView = { centre: ijk(...at), pixelsPerMm: 2, width: WIDTH, height: HEIGHT };
  const axes = axesOf(frame, degrees);
  const indexAt = (point: ScreenPoint): Ijk => indexUnder(frame, axes, view, point);
  return { width: WIDTH, height: HEIGHT, indexAt };
}

/** The corners of the hole in what is dimmed. */
function hole({ dim }: BoundsMark): ScreenPoint[] {
  return [...dim.slice(ALL.length).matchAll(/[ML]([-\d.]+) ([-\d.]+)/g)].map(([, x, y]) => ({
    x: Number(x),
    y: Number(y),
  }));
}

/** In pixels: how far a point lies within an outline, below 0 outside; to its edges as they are, not as lines:
 * corners are told to a tenth of a pixel, so the direction of a short edge is not that of its face. */
function depth(corners: readonly ScreenPoint[], point: ScreenPoint): number {
  const edges = corners.map((a, n) => [a, corners[(n + 1) % corners.length] as ScreenPoint] as const);
  const distance = Math.min(...edges.map(([a, b]) => distanceTo(a, b, point)));
  const crossed = edges.filter(([a, b]) => isLeftOf(a, b, point)).length;
  return crossed % 2 === 1 ? distance : -distance;
}

function distanceTo(a: ScreenPoint, b: ScreenPoint, { x, y }: ScreenPoint): number {
  const [dx, dy] = [b.x - a.x, b.y - a.y];
  const along = ((x - a.x) * dx + (y - a.y) * dy) / (dx * dx + dy * dy || 1);
  const share = Math.min(1, Math.max(0, along));
  return Math.hypot(x - a.x - share * dx, y - a.y - share * dy);
}

/** Whether the ray from a point to the right crosses an edge. */
function isLeftOf(a: ScreenPoint, b: ScreenPoint, { x, y }: ScreenPoint): boolean {
  return a.y > y !== b.y > y && x < a.x + ((y - a.y) / (b.y - a.y)) * (b.x - a.x);
}

function sidesOf({ sides }: BoundsMark): number {
  return sides.split('M').length - 1;
}

describe('what is asked for, in a plane', () => {
  it('is everything in the slices of a slab, and nothing beyond', () => {
    expect(boundsOn(pane('axial', [50, 40, 12]), SLAB, SHAPE)).toEqual({
      dim: '',
      sides: '',
      isBeyond: false,
    });
    expect(boundsOn(pane('axial', [50, 40, 9]), SLAB, SHAPE)).toEqual({
      dim: ALL,
      sides: '',
      isBeyond: true,
    });
    expect(sidesOf(boundsOn(pane('coronal', [50, 40, 12]), SLAB, SHAPE))).toBe(2);
  });

  it.each(PLANES)('is a rectangle of a cube, with four sides: %s', (plane) => {
    const mark = boundsOn(pane(plane, [50, 40, 12]), CUBE, SHAPE);
    expect(sidesOf(mark)).toBe(4);
    expect(hole(mark).length).toBe(4);
    expect(mark.isBeyond).toBe(false);
  });

  it('has no side where it ends with the scan', () => {
    const corner: Box = { low: [0, 0, 10], size: [30, 80, 6] };
    expect(sidesOf(boundsOn(pane('axial', [20, 40, 12]), corner, SHAPE))).toBe(1);
    expect(boundsOn(pane('axial', [50, 40, 12]), { low: [0, 0, 0], size: SHAPE }, SHAPE).dim).toBe('');
  });

  it('is where its voxels are, whichever way the plane is turned', () => {
    const angle = fc.integer({ min: -180, max: 180 });
    const place = fc.tuple(
      fc.integer({ min: 35, max: 75 }),
      fc.integer({ min: 25, max: 60 }),
      fc.integer({ min: 8, max: 18 }),
    );
    const point = fc.record({
      x: fc.integer({ min: 220, max: 380 }),
      y: fc.integer({ min: 120, max: 280 }),
    });
    const seen = { inside: 0, outside: 0 };
    fc.assert(
      fc.property(
        fc.constantFrom(...PLANES),
        fc.tuple(angle, angle, angle),
        place,
        fc.array(point, { minLength: 20, maxLength: 20 }),
        (plane, degrees, at, points) => {
          const shown = pane(plane, at, degrees);
          const mark = boundsOn(shown, CUBE, SHAPE);
          const corners = hole(mark);
          const last = lastOf(CUBE);
          for (const one of points) {
            const index = shown.indexAt(one);
            const isIn = index.every(
              (n, axis) => n >= (CUBE.low[axis] as number) - 0.5 && n <= (last[axis] as number) + 0.5,
            );
            const within = mark.isBeyond ? -Infinity : depth(corners, one);
            // Corners are told to a tenth of a pixel.
            if (Math.abs(within) > 0.5) expect(within > 0).toBe(isIn);
            seen[isIn ? 'inside' : 'outside'] += 1;
          }
        },
      ),
      { numRuns: 300 },
    );
    expect(seen.inside).toBeGreaterThan(100);
    expect(seen.outside).toBeGreaterThan(100);
  });
});

it('a case opens in the middle of what is asked for', () => {
  expect(middleOf(SHAPE, CUBE)).toEqual([56, 43, 13]);
  expect(middleOf(SHAPE, null)).toEqual([50, 40, 20]);
});
