import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { rowsOf } from '../polygon';
import { type LevelTrace, levelTrace } from './levelTracing';

function voxelsOf(trace: LevelTrace, columns: number): number[] {
  const voxels: number[] = [];
  for (let n = 0; n < trace.rows.length; n += 3) {
    for (let count = 0; count < trace.rows[n + 2]; count++) {
      voxels.push(trace.rows[n + 1] + count + columns * trace.rows[n]);
    }
  }
  return voxels;
}

/** Voxels that paths within `set` join to the start; over corners too, or over faces only. */
function joined(set: Set<number>, start: number, columns: number, corners: boolean): Set<number> {
  const steps = corners
    ? [-columns - 1, -columns, -columns + 1, -1, 1, columns - 1, columns, columns + 1]
    : [-1, 1, -columns, columns];
  const found = new Set([start]);
  for (const voxel of found) {
    for (const step of steps) {
      const next = voxel + step;
      const wraps = Math.abs((next % columns) - (voxel % columns)) > 1;
      if (!wraps && set.has(next)) found.add(next);
    }
  }
  return found;
}

/**
 * Everything that a boundary past the point encircles, by flooding: what is outside of the region that the point
 * belongs to falls into parts joined over faces; the boundary to the outermost encircles all but that part, the
 * boundary to another encircles that other part. The largest of those beside the point counts, clockwise from above.
 */
function expected(hu: Int16Array, columns: number, rows: number, point: [number, number]): Set<number> {
  // A rim of darker voxels on all sides.
  const wide = columns + 2;
  const all = new Set(Array.from({ length: wide * (rows + 2) }, (_, n) => n));
  const at = (column: number, row: number) => column + 1 + wide * (row + 1);
  const level = hu[point[0] + columns * point[1]];
  const bright = new Set<number>();
  for (let row = 0; row < rows; row++) {
    for (let column = 0; column < columns; column++) {
      if (hu[column + columns * row] >= level) bright.add(at(column, row));
    }
  }
  const region = joined(bright, at(...point), wide, true);
  const rest = new Set([...all].filter((voxel) => !region.has(voxel)));
  let start = at(...point);
  const beside = (voxel: number) => [-wide, 1, wide, -1].filter((step) => rest.has(voxel + step));
  while (beside(start).length === 0) start -= 1;
  const encircled = beside(start).map((step) => {
    const part = joined(rest, start + step, wide, false);
    return part.has(0) ? new Set([...all].filter((voxel) => !part.has(voxel))) : part;
  });
  const largest = encircled.reduce((best, set) => (set.size > best.size ? set : best));
  return new Set([...largest].map((voxel) => (voxel % wide) - 1 + columns * (Math.floor(voxel / wide) - 1)));
}

describe('level tracing', () => {
  it('encircles what flooding finds, for any slice and point', () => {
    const slice = fc
      .tuple(fc.integer({ min: 1, max: 9 }), fc.integer({ min: 1, max: 9 }))
      .chain(([columns, rows]) =>
        fc.record({
          columns: fc.constant(columns),
          rows: fc.constant(rows),
          hu: fc.array(fc.integer({ min: -2, max: 2 }), {
            minLength: columns * rows,
            maxLength: columns * rows,
          }),
          column: fc.nat(columns - 1),
          row: fc.nat(rows - 1),
        }),
      );
    fc.assert(
      fc.property(slice, ({ columns, rows, hu, column, row }) => {
        const image = Int16Array.from(hu);
        const trace = levelTrace(image, columns, rows, [column, row]) as LevelTrace;
        const found = voxelsOf(trace, columns);
        expect(new Set(found)).toEqual(expected(image, columns, rows, [column, row]));
        expect(trace.voxels).toBe(found.length);
        expect(trace.level).toBe(hu[column + columns * row]);
        // The outline that is drawn encircles the voxels that are filled.
        const grid = { columns, rows, spacing_mm: [1, 1] as const };
        const inside = rowsOf({ kind: 'polygon', rings: [trace.polygon], rule: 'evenodd' }, grid, true);
        expect(voxelsOf({ ...trace, rows: inside }, columns)).toEqual(found);
      }),
      { numRuns: 500 },
    );
  });

  const ring = (size: number) =>
    Int16Array.from({ length: size * size }, (_, n) => {
      const radius = Math.hypot((n % size) - 15, Math.floor(n / size) - 15);
      return radius < 5 ? -100 : radius < 10 ? 200 - Math.round(10 * Math.abs(radius - 7.5)) : -1000;
    });

  it('fills an organ with what it encloses from its outer edge', () => {
    const trace = levelTrace(ring(31), 31, 31, [15 + 9, 15]) as LevelTrace;
    const voxels = new Set(voxelsOf(trace, 31));
    expect(voxels.has(15 + 31 * 15)).toBe(true);
    expect(voxels.has(0)).toBe(false);
  });

  it('fills something dark from the rim around it', () => {
    const trace = levelTrace(ring(31), 31, 31, [15 + 5, 15]) as LevelTrace;
    const voxels = new Set(voxelsOf(trace, 31));
    expect(voxels.has(15 + 31 * 15)).toBe(true);
    expect(voxels.has(15 + 7 + 31 * 15)).toBe(false);
  });

  it('has one outline of four corners where everything is alike', () => {
    const trace = levelTrace(new Int16Array(12), 4, 3, [2, 1]) as LevelTrace;
    expect(trace.voxels).toBe(12);
    expect([...trace.polygon].sort((a, b) => a - b)).toEqual([-0.5, -0.5, -0.5, -0.5, 2.5, 2.5, 3.5, 3.5]);
  });

  it.each([
    [-1, 0],
    [0, 3],
    [1.5, 1],
    [Number.NaN, 0],
  ])('finds nothing at (%d, %d), which is no voxel', (column, row) => {
    expect(levelTrace(new Int16Array(12), 4, 3, [column, row])).toBeNull();
  });

  it('refuses a slice that is not complete', () => {
    expect(() => levelTrace(new Int16Array(11), 4, 3, [0, 0])).toThrow('The slice is not loaded completely');
  });
});
