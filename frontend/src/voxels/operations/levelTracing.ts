/**
 * Level tracing: the boundary, in one slice, between voxels with at least the HU of a point and darker ones.
 *
 * As 3D Slicer's effect, it follows the boundary that runs past the point, voxels at or above the level being
 * joined over corners as well. The outline runs along the voxels' edges, so what is drawn is exactly what is
 * filled. Where several boundaries pass the point, the one that encircles most is taken, so a single dark voxel
 * inside an organ does not hide the organ. On the rim of something darker than its surroundings the boundary
 * encircles that: then the dark part is filled, without the rim (Slicer fills the rim too).
 *
 * Only the boundary is walked, so the cost is its length and not the area of the slice.
 */
import { OperationRefused } from './operation';

export interface LevelTrace {
  /** Corners, column then row, on the edges of voxels (centres are whole numbers); the last joins the first. */
  readonly polygon: Float32Array;
  /** What the outline encircles: row, first column, count; one after the other, by row. */
  readonly rows: Int32Array;
  readonly voxels: number;
  /** The HU of the point. */
  readonly level: number;
}

/** Steps along voxel edges: right, down, left, up, the inside on the right hand. */
const STEP_COLUMN = [1, 0, -1, 0];
const STEP_ROW = [0, 1, 0, -1];
/** From a corner, the voxels before and behind it on the right (inside) and left hand, by direction. */
const AHEAD_RIGHT: readonly (readonly [number, number])[] = [
  [0, 0],
  [-1, 0],
  [-1, -1],
  [0, -1],
];
const AHEAD_LEFT: readonly (readonly [number, number])[] = [
  [0, -1],
  [0, 0],
  [-1, 0],
  [-1, -1],
];

/** The slice, `columns` fastest; a point is a whole column and row. */
export function levelTrace(
  hu: Int16Array,
  columns: number,
  rows: number,
  point: readonly [column: number, row: number],
): LevelTrace | null {
  const [column, row] = point;
  if (hu.length !== columns * rows) {
    throw new OperationRefused('The slice is not loaded completely; wait until the scan is loaded.');
  }
  const whole = Number.isInteger(column) && Number.isInteger(row);
  if (!whole || column < 0 || row < 0 || column >= columns || row >= rows) return null;
  const slice = new Level(hu, columns, rows, hu[column + columns * row]);
  let best: Walk | null = null;
  for (const [c, r, direction] of slice.startsAt(column, row)) {
    if (best?.passes(c, r, direction)) continue;
    const walk = new Walk(slice, c, r, direction);
    if (best === null || walk.area > best.area) best = walk;
  }
  return best && { polygon: best.polygon(), ...best.filled(), level: slice.level };
}

type Start = readonly [column: number, row: number, direction: number];

/** One slice cut at a level; beyond its border everything is darker. */
class Level {
  readonly level: number;
  private readonly hu: Int16Array;
  private readonly columns: number;
  private readonly rows: number;

  constructor(hu: Int16Array, columns: number, rows: number, level: number) {
    this.hu = hu;
    this.columns = columns;
    this.rows = rows;
    this.level = level;
  }

  reaches(column: number, row: number): boolean {
    const inSlice = column >= 0 && row >= 0 && column < this.columns && row < this.rows;
    return inSlice && this.hu[column + this.columns * row] >= this.level;
  }

  /** Edges of the voxel where the boundary passes; inside a plateau those of the first such voxel to its left. */
  startsAt(column: number, row: number): Start[] {
    let at = column;
    for (;;) {
      const starts = this.edgesOf(at, row);
      if (starts.length > 0) return starts;
      at -= 1;
    }
  }

  private edgesOf(column: number, row: number): Start[] {
    const starts: Start[] = [];
    if (!this.reaches(column, row - 1)) starts.push([column, row, 0]);
    if (!this.reaches(column + 1, row)) starts.push([column + 1, row, 1]);
    if (!this.reaches(column, row + 1)) starts.push([column + 1, row + 1, 2]);
    if (!this.reaches(column - 1, row)) starts.push([column, row + 1, 3]);
    return starts;
  }
}

/** Once around a boundary, from a corner of a voxel (its low side is corner 0) in a direction. */
class Walk {
  /** Voxels encircled. */
  readonly area: number;
  /** Corners where the boundary turns: column, row, and the direction it goes on in. */
  private readonly turns: number[] = [];
  /** Rows and columns of edges that run up or down, as pairs. */
  private readonly upright: number[] = [];

  constructor(slice: Level, column: number, row: number, direction: number) {
    let [c, r, d] = [column, row, direction];
    let area = 0;
    do {
      const turned = nextDirection(slice, c, r, d);
      c += STEP_COLUMN[d];
      r += STEP_ROW[d];
      if (STEP_ROW[d] !== 0) {
        this.upright.push(STEP_ROW[d] > 0 ? r - 1 : r, c);
        area += STEP_ROW[d] * c;
      }
      if (turned !== d) this.turns.push(c, r, turned);
      d = turned;
    } while (c !== column || r !== row || d !== direction);
    this.area = Math.abs(area);
  }

  /** Whether this boundary runs through the edge that starts at a corner in a direction. */
  passes(column: number, row: number, direction: number): boolean {
    const { turns } = this;
    for (let n = 0; n < turns.length; n += 3) {
      const next = (n + 3) % turns.length;
      if (turns[n + 2] !== direction) continue;
      const along = (column - turns[n]) * STEP_COLUMN[direction] + (row - turns[n + 1]) * STEP_ROW[direction];
      const length = Math.abs(turns[next] - turns[n]) + Math.abs(turns[next + 1] - turns[n + 1]);
      const aside = (column - turns[n]) * STEP_ROW[direction] + (row - turns[n + 1]) * STEP_COLUMN[direction];
      if (aside === 0 && along >= 0 && along < length) return true;
    }
    return false;
  }

  polygon(): Float32Array {
    const corners = new Float32Array((this.turns.length / 3) * 2);
    for (let n = 0, p = 0; n < this.turns.length; n += 3, p += 2) {
      corners[p] = this.turns[n] - 0.5;
      corners[p + 1] = this.turns[n + 1] - 0.5;
    }
    return corners;
  }

  /** Between the first and second upright edge of a row, between the third and fourth, and so on. */
  filled(): { rows: Int32Array; voxels: number } {
    const edges = new Float64Array(this.upright.length / 2);
    // Row and column sorted as one number.
    const WIDEST = 2 ** 20;
    for (let n = 0; n < edges.length; n++) edges[n] = this.upright[2 * n] * WIDEST + this.upright[2 * n + 1];
    edges.sort();
    const rows = new Int32Array((edges.length / 2) * 3);
    let voxels = 0;
    for (let n = 0, p = 0; n < edges.length; n += 2, p += 3) {
      const row = Math.floor(edges[n] / WIDEST);
      rows[p] = row;
      rows[p + 1] = edges[n] - row * WIDEST;
      rows[p + 2] = edges[n + 1] - edges[n];
      voxels += rows[p + 2];
    }
    return { rows, voxels };
  }
}

/** After the edge that starts at a corner: left where voxels meet only at a corner, so they stay joined. */
function nextDirection(slice: Level, column: number, row: number, direction: number): number {
  const c = column + STEP_COLUMN[direction];
  const r = row + STEP_ROW[direction];
  const [leftColumn, leftRow] = AHEAD_LEFT[direction];
  if (slice.reaches(c + leftColumn, r + leftRow)) return (direction + 3) % 4;
  const [rightColumn, rightRow] = AHEAD_RIGHT[direction];
  return slice.reaches(c + rightColumn, r + rightRow) ? direction : (direction + 1) % 4;
}
