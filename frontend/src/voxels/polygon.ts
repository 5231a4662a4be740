/**
 * Outlines drawn in one slice of a plane, as rows of voxels.
 *
 * Coordinates are (column, row) of the slice in voxels, whole numbers are voxel centres: axial (i, j),
 * coronal (i, k), sagittal (j, k). A voxel belongs to an outline where its centre does. A centre that lies on an
 * edge belongs to the side with the larger coordinates, so that outlines that share an edge never share a voxel.
 */
import { OperationRefused } from './operations/operation';

/** Corners one after the other: column 0, row 0, column 1, row 1 ...; the last joins the first. */
export type Ring = ArrayLike<number>;

/**
 * How rings that cross themselves or one another are filled: `evenodd` makes every second crossing a hole,
 * `nonzero` fills whatever is encircled, and leaves a hole only where a ring runs the other way round.
 */
export type FillRule = 'evenodd' | 'nonzero';

/** A position in a slice: column, row. */
export type SlicePoint = readonly [column: number, row: number];

export type Outline =
  | { readonly kind: 'polygon'; readonly rings: readonly Ring[]; readonly rule: FillRule }
  /** Two opposite corners; centres on the border belong to it. */
  | { readonly kind: 'rectangle'; readonly corners: readonly [SlicePoint, SlicePoint] }
  /** Round in millimetres, hence an ellipse in voxels that are not square. */
  | { readonly kind: 'circle'; readonly centre: SlicePoint; readonly edge: SlicePoint };

/** The slice that an outline is drawn in. */
export interface SliceGrid {
  readonly columns: number;
  readonly rows: number;
  /** Millimetres from column to column and from row to row. */
  readonly spacing_mm: readonly [number, number];
}

/** `count` voxels of a row from column `first`. */
export type OnRow = (row: number, first: number, count: number) => void;

/** Calls back for each run of voxels in the outline; rows rise, runs of a row rise and never touch a voxel twice. */
export function outlineRows(outline: Outline, grid: SliceGrid, onRow: OnRow): void {
  if (outline.kind === 'polygon') polygonRows(outline.rings, outline.rule, grid, onRow);
  else if (outline.kind === 'rectangle') rectangleRows(outline.corners, grid, onRow);
  else circleRows(outline.centre, outline.edge, grid, onRow);
}

/** The rows in the outline, or outside of it: row, first column, count; one after the other. */
export function rowsOf(outline: Outline, grid: SliceGrid, inside: boolean): Int32Array {
  const rows: number[] = [];
  const collect: OnRow = (row, first, count) => rows.push(row, first, count);
  if (inside) outlineRows(outline, grid, collect);
  else outsideRows(outline, grid, collect);
  return Int32Array.from(rows);
}

/** What `outlineRows` leaves out of the slice. */
export function outsideRows(outline: Outline, grid: SliceGrid, onRow: OnRow): void {
  let row = 0;
  let column = 0;
  const fillTo = (toRow: number, toColumn: number) => {
    for (; row < toRow; row++, column = 0) {
      if (column < grid.columns) onRow(row, column, grid.columns - column);
    }
    if (column < toColumn) onRow(row, column, toColumn - column);
  };
  outlineRows(outline, grid, (at, first, count) => {
    fillTo(at, first);
    column = first + count;
  });
  fillTo(grid.rows, 0);
}

interface Crossing {
  readonly column: number;
  /** 1 where the ring goes to higher rows, -1 where it comes back. */
  readonly turn: number;
}

function polygonRows(rings: readonly Ring[], rule: FillRule, grid: SliceGrid, onRow: OnRow): void {
  const crossings: Crossing[][] = Array.from({ length: grid.rows }, () => []);
  for (const ring of rings) addRing(crossings, ring);
  crossings.forEach((row, at) => {
    row.sort((a, b) => a.column - b.column);
    emitRow(row, rule, grid.columns, (first, count) => onRow(at, first, count));
  });
}

function addRing(crossings: readonly Crossing[][], ring: Ring): void {
  if (ring.length % 2 !== 0)
    throw new OperationRefused('An outline needs a column and a row for every corner.');
  for (let n = 0; n < ring.length; n += 2) {
    const next = n + 2 < ring.length ? n + 2 : 0;
    requireFinite(ring[n], ring[n + 1]);
    // From the lower to the higher end always, so that a shared edge gives the same crossing to both its polygons.
    if (ring[n + 1] < ring[next + 1]) addEdge(crossings, ring, n, next, 1);
    else if (ring[n + 1] > ring[next + 1]) addEdge(crossings, ring, next, n, -1);
  }
}

function addEdge(crossings: readonly Crossing[][], ring: Ring, from: number, to: number, turn: number): void {
  const slope = (ring[to] - ring[from]) / (ring[to + 1] - ring[from + 1]);
  const end = Math.min(crossings.length, Math.ceil(ring[to + 1]));
  for (let row = Math.max(0, Math.ceil(ring[from + 1])); row < end; row++) {
    crossings[row].push({ column: ring[from] + (row - ring[from + 1]) * slope, turn });
  }
}

function emitRow(
  crossings: readonly Crossing[],
  rule: FillRule,
  columns: number,
  onRun: (first: number, count: number) => void,
): void {
  let winding = 0;
  let enter = 0;
  for (const { column, turn } of crossings) {
    const before = winding;
    winding = rule === 'evenodd' ? 1 - winding : winding + turn;
    if (before === 0) enter = column;
    if (winding !== 0) continue;
    const first = Math.max(0, Math.ceil(enter));
    const count = Math.min(columns, Math.ceil(column)) - first;
    if (count > 0) onRun(first, count);
  }
}

function rectangleRows([a, b]: readonly [SlicePoint, SlicePoint], grid: SliceGrid, onRow: OnRow): void {
  requireFinite(...a, ...b);
  const [first, last] = wholeBetween(Math.min(a[0], b[0]), Math.max(a[0], b[0]), grid.columns);
  const [top, bottom] = wholeBetween(Math.min(a[1], b[1]), Math.max(a[1], b[1]), grid.rows);
  for (let row = top; first <= last && row <= bottom; row++) onRow(row, first, last - first + 1);
}

function circleRows(centre: SlicePoint, edge: SlicePoint, grid: SliceGrid, onRow: OnRow): void {
  requireFinite(...centre, ...edge);
  const [across, down] = grid.spacing_mm;
  const radius = Math.hypot((edge[0] - centre[0]) * across, (edge[1] - centre[1]) * down);
  const [top, bottom] = wholeBetween(centre[1] - radius / down, centre[1] + radius / down, grid.rows);
  for (let row = top; row <= bottom; row++) {
    const half = Math.sqrt(Math.max(0, radius ** 2 - ((row - centre[1]) * down) ** 2)) / across;
    const [first, last] = wholeBetween(centre[0] - half, centre[0] + half, grid.columns);
    if (first <= last) onRow(row, first, last - first + 1);
  }
}

/** A centre on the border must not be lost to rounding. */
const ON_BORDER = 1e-9;

function wholeBetween(low: number, high: number, length: number): [number, number] {
  return [Math.max(0, Math.ceil(low - ON_BORDER)), Math.min(length - 1, Math.floor(high + ON_BORDER))];
}

function requireFinite(...numbers: readonly number[]): void {
  if (!numbers.every(Number.isFinite)) {
    throw new OperationRefused('The outline left the picture; draw it again inside the slice.');
  }
}
