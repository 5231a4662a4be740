import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { type EdgeRun, type EdgeRuns, SIDES, traceEdges, type Window2d } from './outline';

const ALL = new Uint8Array(256).fill(1);
ALL[0] = 0;

function sorted(runs: EdgeRuns): EdgeRun[] {
  return runs
    .list()
    .sort((a, b) => a.column - b.column || a.row - b.row || SIDES.indexOf(a.side) - SIDES.indexOf(b.side));
}

/** Each voxel edge by itself. */
function pieces(runs: EdgeRuns): string[] {
  return runs
    .list()
    .flatMap(({ column, row, length, side, label }) =>
      Array.from({ length }, (_, n) =>
        side.endsWith('Row')
          ? `${column + n} ${row} ${side} ${label}`
          : `${column} ${row + n} ${side} ${label}`,
      ),
    )
    .sort();
}

describe('traceEdges', () => {
  it('joins the edges of a block into four bars', () => {
    // 4 x 3 voxels, a block of two in the middle row.
    const labels = Uint8Array.of(0, 0, 0, 0, 0, 5, 5, 0, 0, 0, 0, 0);
    expect(sorted(traceEdges(labels, 4, 3, ALL))).toEqual([
      { column: 1, row: 1, length: 2, side: 'lowRow', label: 5 },
      { column: 1, row: 1, length: 2, side: 'highRow', label: 5 },
      { column: 1, row: 1, length: 1, side: 'lowColumn', label: 5 },
      { column: 2, row: 1, length: 1, side: 'highColumn', label: 5 },
    ]);
  });

  it('gives each of two neighbours its own edge, and leaves out what is hidden', () => {
    const labels = Uint8Array.of(5, 6);
    const onlyFive = new Uint8Array(256);
    onlyFive[5] = 1;
    const columns = (visible: Uint8Array) =>
      sorted(traceEdges(labels, 2, 1, visible)).filter(({ side }) => side.endsWith('Column'));
    expect(columns(ALL).map(({ label, side }) => `${label} ${side}`)).toEqual([
      '5 lowColumn',
      '5 highColumn',
      '6 lowColumn',
      '6 highColumn',
    ]);
    expect(columns(onlyFive).map(({ label }) => label)).toEqual([5, 5]);
  });

  it('covers as many voxel edges as there are changes of label', () => {
    const slice = fc.array(fc.constantFrom(0, 1, 2), { minLength: 30, maxLength: 30 });
    fc.assert(
      fc.property(slice, (values) => {
        const labels = Uint8Array.from(values);
        const at = (column: number, row: number) =>
          column < 0 || row < 0 || column > 5 || row > 4 ? 0 : values[column + 6 * row];
        let expected = 0;
        for (let row = 0; row < 5; row++) {
          for (let column = 0; column < 6; column++) {
            const own = at(column, row);
            const neighbours = [
              at(column - 1, row),
              at(column + 1, row),
              at(column, row - 1),
              at(column, row + 1),
            ];
            if (own !== 0) expected += neighbours.filter((value) => value !== own).length;
          }
        }
        const total = traceEdges(labels, 6, 5, ALL)
          .list()
          .reduce((sum, { length }) => sum + length, 0);
        expect(total).toBe(expected);
      }),
    );
  });

  it('gives for a window just those edges of the whole slice whose voxels lie in it', () => {
    const slice = fc.array(fc.constantFrom(0, 1, 2), { minLength: 48, maxLength: 48 });
    const range = (most: number) => fc.tuple(fc.nat(most - 1), fc.nat(most - 1));
    fc.assert(
      fc.property(slice, range(8), range(6), (values, columns, rows) => {
        const window: Window2d = {
          lowColumn: Math.min(...columns),
          highColumn: Math.max(...columns) + 1,
          lowRow: Math.min(...rows),
          highRow: Math.max(...rows) + 1,
        };
        const labels = Uint8Array.from(values);
        const inside = pieces(traceEdges(labels, 8, 6, ALL)).filter((piece) => {
          const [column, row] = piece.split(' ').map(Number) as [number, number];
          const { lowColumn, highColumn, lowRow, highRow } = window;
          return column >= lowColumn && column < highColumn && row >= lowRow && row < highRow;
        });
        expect(pieces(traceEdges(labels, 8, 6, ALL, window))).toEqual(inside);
      }),
    );
  });

  it('sorts its runs by label', () => {
    const runs = traceEdges(Uint8Array.of(3, 1, 2, 1), 4, 1, ALL);
    const labels = [...runs.byLabel()].map((n) => runs.run(n).label);
    expect(labels).toEqual([...labels].sort());
    expect(labels).toHaveLength(runs.count);
  });
});
