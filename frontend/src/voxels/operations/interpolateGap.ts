/**
 * The shape between two slices, by signed distances: Raya and Udupa, Shape-based interpolation of multidimensional
 * objects, IEEE Transactions on Medical Imaging 9, 1990.
 *
 * In each of the two slices every voxel has its distance in mm to the outline, positive inside: to the nearest voxel
 * of the other side. Between them the distances are blended in proportion, and what is not below zero is inside.
 *
 * A part that moved so far that its two outlines hardly overlap (a vessel that runs obliquely) would vanish on the
 * way. Such parts are interpolated one by one, along the straight line between their centres.
 */
import type { Triple } from '../geometry';
import { type MovedPair, movedPairs } from './interpolateParts';
import { squaredDistances } from './primitives/distance';

/** One slice, columns fastest, with what lies between columns, between rows and between the two slices. */
export interface GapGrid {
  readonly columns: number;
  readonly rows: number;
  readonly spacing_mm: readonly [number, number];
  readonly gap_mm: number;
}

/** Calls back with every voxel (place in the slice) that lies inside, and how deep, in mm. */
export type OnInside = (place: number, depth_mm: number) => void;

/** Distances are kept in single precision: a blend that close to zero is zero, which is inside. */
export const LEVEL_MM = 1e-3;

export class Gap {
  private readonly fixed: Blend | null;
  private readonly moved: readonly Blend[];
  private readonly grid: GapGrid;

  /** The masks (0 or 1) of the two annotated slices. */
  constructor(before: Uint8Array, after: Uint8Array, grid: GapGrid) {
    this.grid = grid;
    const { pairs, restBefore, restAfter } = movedPairs(before, after, grid);
    this.moved = pairs.map((pair) => new Blend(pair.before, pair.after, grid, pair));
    const both = restBefore.includes(1) && restAfter.includes(1);
    this.fixed = both ? new Blend(restBefore, restAfter, grid, null) : null;
  }

  /** The slice at a share of the way; a voxel of several parts is called back for each. */
  between(share: number, onInside: OnInside): void {
    this.fixed?.between(share, this.grid, onInside);
    for (const blend of this.moved) blend.between(share, this.grid, onInside);
  }
}

/** Two outlines and how the second lies off the first. */
class Blend {
  private readonly before: SignedDistances;
  private readonly after: SignedDistances;
  private readonly move: readonly [number, number];

  constructor(before: Uint8Array, after: Uint8Array, grid: GapGrid, pair: MovedPair | null) {
    // Without a move both are compared voxel by voxel, so they share a window.
    const windows =
      pair === null ? [windowOf(grid, before, after)] : [before, after].map((m) => windowOf(grid, m));
    this.before = new SignedDistances(before, grid, windows[0]);
    this.after = new SignedDistances(after, grid, windows[windows.length - 1]);
    this.move = pair?.move ?? [0, 0];
  }

  between(share: number, grid: GapGrid, onInside: OnInside): void {
    const [moveColumn, moveRow] = this.move;
    const first = this.before.window.moved(share * moveColumn, share * moveRow);
    const second = this.after.window.moved((share - 1) * moveColumn, (share - 1) * moveRow);
    const window = first.around(second).within(grid);
    for (let row = window.top; row <= window.bottom; row++) {
      for (let column = window.left; column <= window.right; column++) {
        const a = this.before.at(column - share * moveColumn, row - share * moveRow);
        const b = this.after.at(column + (1 - share) * moveColumn, row + (1 - share) * moveRow);
        const depth = (1 - share) * a + share * b;
        if (depth >= -LEVEL_MM) onInside(column + grid.columns * row, depth);
      }
    }
  }
}

/** A rectangle of a slice; all borders belong to it. */
class Window {
  readonly left: number;
  readonly top: number;
  readonly right: number;
  readonly bottom: number;

  constructor(left: number, top: number, right: number, bottom: number) {
    this.left = left;
    this.top = top;
    this.right = right;
    this.bottom = bottom;
  }

  get size(): Triple {
    return [this.right - this.left + 1, this.bottom - this.top + 1, 1];
  }

  moved(columns: number, rows: number): Window {
    const { left, top, right, bottom } = this;
    return new Window(
      Math.floor(left + columns),
      Math.floor(top + rows),
      Math.ceil(right + columns),
      Math.ceil(bottom + rows),
    );
  }

  around(other: Window): Window {
    const { min, max } = Math;
    return new Window(
      min(this.left, other.left),
      min(this.top, other.top),
      max(this.right, other.right),
      max(this.bottom, other.bottom),
    );
  }

  within({ columns, rows }: GapGrid): Window {
    const { min, max } = Math;
    return new Window(
      max(this.left, 0),
      max(this.top, 0),
      min(this.right, columns - 1),
      min(this.bottom, rows - 1),
    );
  }
}

/** What the masks cover and one voxel around it: there the nearest voxel outside always is. */
function windowOf(grid: GapGrid, ...masks: readonly Uint8Array[]): Window {
  let window = new Window(grid.columns, grid.rows, -1, -1);
  for (const mask of masks) {
    for (let place = mask.indexOf(1); place >= 0; place = mask.indexOf(1, place + 1)) {
      const row = Math.floor(place / grid.columns);
      const column = place - row * grid.columns;
      window =
        column < window.left || column > window.right || row < window.top || row > window.bottom
          ? window.around(new Window(column, row, column, row))
          : window;
    }
  }
  return new Window(window.left - 1, window.top - 1, window.right + 1, window.bottom + 1).within(grid);
}

class SignedDistances {
  readonly window: Window;
  private readonly values: Float32Array;
  private readonly spacing_mm: readonly [number, number];

  constructor(mask: Uint8Array, grid: GapGrid, window: Window) {
    this.window = window;
    this.spacing_mm = grid.spacing_mm;
    const inWindow = cut(mask, grid.columns, window);
    const shape = { size: window.size, spacing_mm: [...grid.spacing_mm, 1] as unknown as Triple };
    const toInside = squaredDistances(inWindow, shape);
    const toOutside = squaredDistances(inWindow, shape, { toZero: true });
    this.values = toInside.map((squared, at) => Math.sqrt(toOutside[at]) - Math.sqrt(squared));
  }

  /** Between voxels linearly; beyond the window as much less as it is away from it. */
  at(column: number, row: number): number {
    const { left, top, right, bottom } = this.window;
    const c = Math.min(right, Math.max(left, column));
    const r = Math.min(bottom, Math.max(top, row));
    const inside = this.inWindow(c - left, r - top);
    if (c === column && r === row) return inside;
    return inside - Math.hypot((c - column) * this.spacing_mm[0], (r - row) * this.spacing_mm[1]);
  }

  private inWindow(column: number, row: number): number {
    const width = this.window.size[0];
    const c = Math.floor(column);
    const r = Math.floor(row);
    const place = c + width * r;
    if (c === column && r === row) return this.values[place];
    const [partColumn, partRow] = [column - c, row - r];
    const right = partColumn === 0 ? 0 : 1;
    const below = partRow === 0 ? 0 : width;
    const upper = (1 - partColumn) * this.values[place] + partColumn * this.values[place + right];
    const lower =
      (1 - partColumn) * this.values[place + below] + partColumn * this.values[place + below + right];
    return (1 - partRow) * upper + partRow * lower;
  }
}

function cut(mask: Uint8Array, columns: number, window: Window): Uint8Array {
  const [width, height] = window.size;
  const piece = new Uint8Array(width * height);
  for (let row = 0; row < height; row++) {
    const from = window.left + columns * (window.top + row);
    piece.set(mask.subarray(from, from + width), row * width);
  }
  return piece;
}
