import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ijk, PLANE_AXIS, type Plane, type Triple } from './geometry';
import { type OnSpan, type Stamp, sweep } from './sweep';

const SHAPE: Triple = [14, 12, 10];

function voxelsOf(spacing_mm: Triple, stamp: Stamp): Set<number> {
  const found = new Set<number>();
  const note: OnSpan = (k, start, count, stride) => {
    for (let n = 0; n < count; n++) {
      const voxel = k * SHAPE[0] * SHAPE[1] + start + n * stride;
      if (found.has(voxel)) throw new Error('A voxel was reached twice.');
      found.add(voxel);
    }
  };
  for (const _ of sweep(SHAPE, spacing_mm, stamp, note));
  return found;
}

function distanceToSegment(p: Triple, a: Triple, b: Triple): number {
  const d = b.map((value, axis) => value - a[axis]);
  const length = d[0] ** 2 + d[1] ** 2 + d[2] ** 2;
  const along = d.reduce((sum, value, axis) => sum + value * (p[axis] - a[axis]), 0);
  const t = length === 0 ? 0 : Math.min(1, Math.max(0, along / length));
  return Math.hypot(...p.map((value, axis) => value - a[axis] - t * d[axis]));
}

/** Distance in mm of every voxel from the swept segment; infinite outside of a disc's slice. */
function distances(spacing_mm: Triple, { from, to, plane }: Stamp): Map<number, number> {
  const axis = plane === null ? -1 : PLANE_AXIS[plane];
  const place = (index: readonly number[]) =>
    index.map((value, n) => (n === axis ? Math.round(to[n]) : value) * spacing_mm[n]) as unknown as Triple;
  const result = new Map<number, number>();
  for (let k = 0; k < SHAPE[2]; k++) {
    for (let j = 0; j < SHAPE[1]; j++) {
      for (let i = 0; i < SHAPE[0]; i++) {
        const inSlice = plane === null || [i, j, k][axis] === Math.round(to[axis]);
        const mm: Triple = [i * spacing_mm[0], j * spacing_mm[1], k * spacing_mm[2]];
        const distance = distanceToSegment(mm, place(from), place(to));
        result.set(i + SHAPE[0] * (j + SHAPE[1] * k), inSlice ? distance : Number.POSITIVE_INFINITY);
      }
    }
  }
  return result;
}

const index = fc
  .tuple(...SHAPE.map((n) => fc.double({ min: -4, max: n + 4, noNaN: true })))
  .map(([i, j, k]) => ijk(i, j, k));
const spacing = fc.constantFrom<Triple>([1, 1, 1], [0.7, 0.8, 5], [3, 1.5, 1]);
const plane = fc.constantFrom<Plane | null>('axial', 'coronal', 'sagittal', null);

describe('sweep', () => {
  it('reaches exactly the voxels within the radius of the segment, each once', () => {
    fc.assert(
      fc.property(
        index,
        index,
        spacing,
        plane,
        fc.double({ min: 1, max: 12, noNaN: true }),
        (from, to, mm, on, radius) => {
          // A brush reaches at least the voxel under the pointer, which may widen a very small one.
          fc.pre(radius > Math.hypot(...mm) / 2);
          const stamp: Stamp = { from, to, radius_mm: radius, plane: on };
          const found = voxelsOf(mm, stamp);
          // Voxels on the rim itself may fall to either side of rounding.
          const wrong = [...distances(mm, stamp)].filter(
            ([voxel, distance]) =>
              Math.abs(distance - radius) > 1e-6 && found.has(voxel) !== distance < radius,
          );
          expect(wrong).toEqual([]);
        },
      ),
      { numRuns: 150 },
    );
  });

  it('is round in millimetres where voxels are not cubes', () => {
    const stamp: Stamp = { from: ijk(7, 6, 5), to: ijk(7, 6, 5), radius_mm: 4, plane: 'coronal' };
    // 4 mm is 4 voxels of 1 mm across and 2 of 2 mm up.
    const found = voxelsOf([1, 1, 2], stamp);
    expect(found.has(3 + 14 * (6 + 12 * 5))).toBe(true);
    expect(found.has(7 + 14 * (6 + 12 * 7))).toBe(true);
    expect(found.has(7 + 14 * (6 + 12 * 8))).toBe(false);
    expect(found.has(7 + 14 * (5 + 12 * 5))).toBe(false);
  });

  it('reaches the voxel under the pointer however small the brush', () => {
    const stamp: Stamp = { from: ijk(4.4, 3.4, 2), to: ijk(4.4, 3.4, 2), radius_mm: 0.1, plane: 'axial' };
    expect([...voxelsOf([1, 1, 1], stamp)]).toEqual([4 + 14 * (3 + 12 * 2)]);
  });

  it('comes to the slice at its end first, and works outwards', () => {
    const slices: number[] = [];
    const stamp: Stamp = { from: ijk(7, 6, 6), to: ijk(7, 6, 4), radius_mm: 3, plane: null };
    for (const _ of sweep(SHAPE, [1, 1, 1], stamp, (k) => slices.push(k)));
    expect([...new Set(slices)]).toEqual([4, 5, 3, 6, 2, 7, 1, 8, 9]);
  });

  it('reaches nothing in a slice that the scan does not have', () => {
    const stamp: Stamp = { from: ijk(5, 5, 10), to: ijk(5, 5, 10), radius_mm: 5, plane: 'axial' };
    expect(voxelsOf([1, 1, 1], stamp).size).toBe(0);
  });
});
