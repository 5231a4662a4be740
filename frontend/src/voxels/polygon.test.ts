import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ijk, PLANES, type Plane, type Triple } from './geometry';
import { type FillRule, type Outline, type Ring, rowsOf, type SliceGrid } from './polygon';
import { type Cut, cutSpans, type Reach, sliceGrid, slicePoint, sliceReach } from './polygonSpans';

const GRID: SliceGrid = { columns: 17, rows: 13, spacing_mm: [0.8, 1.5] };

/** Voxels of rows as a set of column + columns * row; fails where one comes twice or outside. */
function voxelsOf(rows: ArrayLike<number>, grid: SliceGrid): Set<number> {
  const found = new Set<number>();
  for (let n = 0; n < rows.length; n += 3) {
    expect(rows[n + 2]).toBeGreaterThan(0);
    for (let column = rows[n + 1]; column < rows[n + 1] + rows[n + 2]; column++) {
      const inGrid = column >= 0 && column < grid.columns && rows[n] >= 0 && rows[n] < grid.rows;
      if (!inGrid || found.has(column + grid.columns * rows[n])) throw new Error('A voxel twice or outside.');
      found.add(column + grid.columns * rows[n]);
    }
  }
  return found;
}

/** How often rings go around a point, counted along a ray to the right and one to the left. */
function windings(
  rings: readonly Ring[],
  column: number,
  row: number,
): { number: number; crossings: number } {
  let [number, crossings] = [0, 0];
  for (const ring of rings) {
    for (let n = 0; n < ring.length; n += 2) {
      const next = (n + 2) % ring.length;
      const [ax, ay, bx, by] = [ring[n], ring[n + 1], ring[next], ring[next + 1]];
      if (ay <= row === by <= row) continue;
      const side = (bx - ax) * (row - ay) - (by - ay) * (column - ax);
      // The crossing lies right of the point.
      if (by > ay !== side > 0) continue;
      number += by > ay ? 1 : -1;
      crossings += 1;
    }
  }
  return { number, crossings };
}

// An irrational fraction in rows only: no centre lies on an edge, where rounding would decide.
const tenths = (length: number, offset: number) =>
  fc.integer({ min: -40, max: 10 * length + 40 }).map((n) => n / 10 + offset);
const anyColumn = tenths(GRID.columns, 0.037);
const anyRow = tenths(GRID.rows, Math.SQRT2 / 20);
const ring = fc
  .array(fc.tuple(anyColumn, anyRow), { minLength: 3, maxLength: 9 })
  .map((points) => points.flat());
const rule = fc.constantFrom<FillRule>('evenodd', 'nonzero');

describe('polygons', () => {
  it('hold exactly the voxels whose centre they go around, whatever way they cross themselves', () => {
    fc.assert(
      fc.property(fc.array(ring, { minLength: 1, maxLength: 3 }), rule, (rings, filled) => {
        const found = voxelsOf(rowsOf({ kind: 'polygon', rings, rule: filled }, GRID, true), GRID);
        for (let row = 0; row < GRID.rows; row++) {
          for (let column = 0; column < GRID.columns; column++) {
            const { number, crossings } = windings(rings, column, row);
            const wanted = filled === 'evenodd' ? crossings % 2 === 1 : number !== 0;
            expect(found.has(column + GRID.columns * row)).toBe(wanted);
          }
        }
      }),
    );
  });

  it('share no voxel and leave none out where they share an edge through voxel centres', () => {
    const whole = [0, 0, 10, 0, 10, 8, 0, 8];
    const parts = [
      [0, 0, 10, 0, 0, 8],
      [10, 0, 10, 8, 0, 8],
    ];
    const fill = (r: Ring) =>
      voxelsOf(rowsOf({ kind: 'polygon', rings: [r], rule: 'evenodd' }, GRID, true), GRID);
    const [first, second] = parts.map(fill);
    expect([...first].filter((voxel) => second.has(voxel))).toEqual([]);
    expect(new Set([...first, ...second])).toEqual(fill(whole));
  });

  it('have holes by the rule: even-odd always, non-zero where the inner ring runs the other way', () => {
    const outer = [0.5, 0.5, 9.5, 0.5, 9.5, 9.5, 0.5, 9.5];
    const inner = [3.5, 3.5, 6.5, 3.5, 6.5, 6.5, 3.5, 6.5];
    const back = [3.5, 6.5, 6.5, 6.5, 6.5, 3.5, 3.5, 3.5];
    const size = (rings: Ring[], r: FillRule) =>
      voxelsOf(rowsOf({ kind: 'polygon', rings, rule: r }, GRID, true), GRID).size;
    expect(size([outer, inner], 'evenodd')).toBe(81 - 9);
    expect(size([outer, inner], 'nonzero')).toBe(81);
    expect(size([outer, back], 'nonzero')).toBe(81 - 9);
  });

  it('refuse points that are no numbers', () => {
    const outline: Outline = { kind: 'polygon', rings: [[0, 0, Number.NaN, 1, 4, 4]], rule: 'evenodd' };
    expect(() => rowsOf(outline, GRID, true)).toThrow('The outline left the picture');
  });
});

describe('circles and rectangles', () => {
  it('are round in millimetres', () => {
    fc.assert(
      fc.property(anyColumn, anyRow, anyColumn, anyRow, (c, r, c2, r2) => {
        const found = voxelsOf(rowsOf({ kind: 'circle', centre: [c, r], edge: [c2, r2] }, GRID, true), GRID);
        const radius = Math.hypot((c2 - c) * 0.8, (r2 - r) * 1.5);
        for (let row = 0; row < GRID.rows; row++) {
          for (let column = 0; column < GRID.columns; column++) {
            const distance = Math.hypot((column - c) * 0.8, (row - r) * 1.5);
            if (Math.abs(distance - radius) < 1e-6) continue;
            expect(found.has(column + GRID.columns * row)).toBe(distance < radius);
          }
        }
      }),
    );
  });

  it('of a rectangle hold the centres on its border, whichever corner came first', () => {
    const one = rowsOf(
      {
        kind: 'rectangle',
        corners: [
          [2, 3],
          [5.4, 6],
        ],
      },
      GRID,
      true,
    );
    const two = rowsOf(
      {
        kind: 'rectangle',
        corners: [
          [5.4, 6],
          [2, 3],
        ],
      },
      GRID,
      true,
    );
    expect(voxelsOf(one, GRID).size).toBe(4 * 4);
    expect(two).toEqual(one);
  });

  it('leave outside exactly what is not inside', () => {
    fc.assert(
      fc.property(ring, rule, (points, filled) => {
        const outline: Outline = { kind: 'polygon', rings: [points], rule: filled };
        const inside = voxelsOf(rowsOf(outline, GRID, true), GRID);
        const outside = voxelsOf(rowsOf(outline, GRID, false), GRID);
        expect(inside.size + outside.size).toBe(GRID.columns * GRID.rows);
        expect([...inside].some((voxel) => outside.has(voxel))).toBe(false);
      }),
    );
  });
});

const SHAPE: Triple = [9, 8, 7];
const SPACING: Triple = [0.8, 1.5, 3];

function cutVoxels(cut: Cut): Set<number> {
  const found = new Set<number>();
  cutSpans(SHAPE, SPACING, cut, (k, start, count, stride) => {
    for (let n = 0; n < count; n++) {
      const voxel = k * SHAPE[0] * SHAPE[1] + start + n * stride;
      if (found.has(voxel)) throw new Error('A voxel twice.');
      found.add(voxel);
    }
  });
  return found;
}

describe('cuts through slices', () => {
  it('reach the voxels whose place in the plane is in the outline, in the slices asked for', () => {
    fc.assert(
      fc.property(
        fc.constantFrom<Plane>(...PLANES),
        fc.tuple(fc.nat(6), fc.nat(6)),
        fc.boolean(),
        (plane, ends, inside) => {
          const [first, last] = [Math.min(...ends), Math.max(...ends)];
          const outline: Outline = { kind: 'circle', centre: [3.2, 3.1], edge: [5.1, 4.3] };
          const found = cutVoxels({ plane, first, last, outline, inside });
          const grid = sliceGrid(SHAPE, SPACING, plane);
          const inSlice = voxelsOf(rowsOf(outline, grid, inside), grid);
          const axis = { sagittal: 0, coronal: 1, axial: 2 }[plane];
          for (let k = 0; k < SHAPE[2]; k++) {
            for (let j = 0; j < SHAPE[1]; j++) {
              for (let i = 0; i < SHAPE[0]; i++) {
                const [column, row] = slicePoint(plane, ijk(i, j, k));
                const slice = [i, j, k][axis];
                const wanted = slice >= first && slice <= last && inSlice.has(column + grid.columns * row);
                expect(found.has(i + SHAPE[0] * (j + SHAPE[1] * k))).toBe(wanted);
              }
            }
          }
        },
      ),
    );
  });

  it.each<[Reach, [number, number]]>([
    ['slice', [2, 2]],
    [{ slices: 1 }, [1, 3]],
    [{ slices: 4 }, [0, 6]],
    ['all', [0, 6]],
  ])('with reach %j end inside the scan', (reach, ends) => {
    expect(sliceReach(SHAPE, 'axial', 2, reach)).toEqual(ends);
  });

  it('refuse a slice that the scan does not have', () => {
    expect(() => sliceReach(SHAPE, 'axial', 7, 'slice')).toThrow('There is no axial slice 7');
  });
});
