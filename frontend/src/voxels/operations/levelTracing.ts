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

/** The slice, `columns` fastest; a point is a whole column and row. Null where the point lies outside of it. */
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

/** One slice cut at a level, with a rim of darker voxels around it. */
class Level {
  readonly level: number;
  /** 1 where the level is reached; voxel (column, row) is at column + 1 + width * (row + 1). */
  readonly reached: Uint8Array;
  readonly width: number;

  constructor(hu: Int16Array, columns: number, rows: number, level: number) {
    this.level = level;
    this.width = columns + 2;
    this.reached = new Uint8Array(this.width * (rows + 2));
    for (let row = 0, from = 0; row < rows; row++) {
      const to = 1 + this.width * (row + 1);
      for (let column = 0; column < columns; column++) {
        this.reached[to + column] = hu[from++] >= level ? 1 : 0;
      }
    }
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
    const { reached, width } = this;
    const at = column + 1 + width * (row + 1);
    const starts: Start[] = [];
    if (reached[at - width] === 0) starts.push([column, row, 0]);
    if (reached[at + 1] === 0) starts.push([column + 1, row, 1]);
    if (reached[at + width] === 0) starts.push([column + 1, row + 1, 2]);
    if (reached[at - 1] === 0) starts.push([column, row + 1, 3]);
    return starts;
  }
}

/** Whole numbers that are appended; grows by doubling. */
class Numbers {
  length = 0;
  values = new Int32Array(1 << 10);

  add(a: number, b: number, c: number): void {
    if (this.length + 3 > this.values.length) {
      const larger = new Int32Array(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length++] = a;
    this.values[this.length++] = b;
    this.values[this.length++] = c;
  }
}

/** Once around a boundary, from a corner of a voxel (its low side is corner 0) in a direction. */
class Walk {
  /** Voxels encircled. */
  readonly area: number;
  /** Corners where the boundary turns: column, row, and the direction it goes on in. */
  private readonly turns = new Numbers();

  constructor({ reached, width }: Level, column: number, row: number, direction: number) {
    // From a corner, the voxels ahead on the left and on the right hand, by direction.
    const left = [-width, 0, -1, -width - 1];
    const right = [0, -1, -width - 1, -width];
    let [c, r, d] = [column, row, direction];
    let area = 0;
    do {
      c += STEP_COLUMN[d];
      r += STEP_ROW[d];
      area += STEP_ROW[d] * c;
      const corner = c + 1 + width * (r + 1);
      // Left where voxels meet only at a corner, so they stay joined.
      let next = d;
      if (reached[corner + left[d]] === 1) next = (d + 3) & 3;
      else if (reached[corner + right[d]] === 0) next = (d + 1) & 3;
      if (next !== d) this.turns.add(c, r, next);
      d = next;
    } while (c !== column || r !== row || d !== direction);
    this.area = Math.abs(area);
  }

  /** Whether this boundary runs through the edge that starts at a corner in a direction. */
  passes(column: number, row: number, direction: number): boolean {
    const { values, length } = this.turns;
    const [stepColumn, stepRow] = [STEP_COLUMN[direction], STEP_ROW[direction]];
    for (let n = 0; n < length; n += 3) {
      if (values[n + 2] !== direction) continue;
      const next = n + 3 < length ? n + 3 : 0;
      const along = (column - values[n]) * stepColumn + (row - values[n + 1]) * stepRow;
      const aside = (column - values[n]) * stepRow + (row - values[n + 1]) * stepColumn;
      const straight = Math.abs(values[next] - values[n]) + Math.abs(values[next + 1] - values[n + 1]);
      if (aside === 0 && along >= 0 && along < straight) return true;
    }
    return false;
  }

  polygon(): Float32Array {
    const { values, length } = this.turns;
    const corners = new Float32Array((length / 3) * 2);
    for (let n = 0, p = 0; n < length; n += 3) {
      corners[p++] = values[n] - 0.5;
      corners[p++] = values[n + 1] - 0.5;
    }
    return corners;
  }

  /** Between the first and second upright edge of a row, between the third and fourth, and so on. */
  filled(): { rows: Int32Array; voxels: number } {
    const edges = this.uprightEdges();
    const rows = new Int32Array((edges.length / 2) * 3);
    let voxels = 0;
    for (let n = 0, p = 0; n < edges.length; n += 2, p += 3) {
      const row = Math.floor(edges[n] / ROW);
      rows[p] = row;
      rows[p + 1] = edges[n] - row * ROW;
      rows[p + 2] = edges[n + 1] - edges[n];
      voxels += rows[p + 2];
    }
    return { rows, voxels };
  }

  /** Row and column of every edge that runs up or down, sorted as one number: row * ROW + column. */
  private uprightEdges(): Uint32Array {
    const { values, length } = this.turns;
    let count = 0;
    const eachStretch = (onStretch: (column: number, top: number, bottom: number) => void) => {
      for (let n = 0; n < length; n += 3) {
        if (STEP_ROW[values[n + 2]] === 0) continue;
        const [one, two] = [values[n + 1], values[(n + 3 < length ? n + 3 : 0) + 1]];
        onStretch(values[n], Math.min(one, two), Math.max(one, two));
      }
    };
    eachStretch((_, top, bottom) => {
      count += bottom - top;
    });
    const edges = new Uint32Array(count);
    count = 0;
    eachStretch((column, top, bottom) => {
      for (let row = top; row < bottom; row++) edges[count++] = row * ROW + column;
    });
    return edges.sort();
  }
}

/** More than a slice has columns. */
const ROW = 2 ** 16;
