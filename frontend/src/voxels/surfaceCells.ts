/**
 * How a surface passes through a cell, the cube between eight neighbouring voxels, for every way in which these can
 * be inside or outside.
 *
 * Corners are numbered di + 2 dj + 4 dk. The surface crosses the edges that join an inside to an outside corner. On
 * each side of the cell two crossed edges belong together, or twice two where inside corners face each other
 * diagonally: these are kept apart, as voxels that do not share a face are not connected. So the crossed edges of a
 * cell form closed cycles; every cycle gets one vertex, and the surface cannot touch itself in one (Nielson, Dual
 * marching cubes, IEEE Visualization 2004).
 */

/** Low corner and axis of each edge: edge 4 * axis + n. */
export const EDGE_LOW: readonly number[] = [0, 2, 4, 6, 0, 1, 4, 5, 0, 1, 2, 3];
export const EDGE_AXIS: readonly number[] = [0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2];

/** Adds to a configuration where a diagonal side is joined the other way. */
export const FLIPPED = 256;

export interface CellTable {
  /** By 12 * configuration + edge: the cycle that the edge belongs to; -1 where it is not crossed. */
  readonly cycleOf: Int8Array;
  /** Cycles of each configuration. */
  readonly cycles: Uint8Array;
  /**
   * The side (2 * axis, + 1 for the higher one) that a cycle passes twice, -1 for none. Where both cells of a side
   * do so, their two vertices would share two edges: then both are to be taken flipped (Wenger, Isosurfaces, 2013).
   */
  readonly doubleSide: Int8Array;
}

/** The edge along an axis from a corner. */
export function edgeFrom(corner: number, axis: number): number {
  const above = corner >> (axis + 1);
  return 4 * axis + ((above << axis) | (corner & ((1 << axis) - 1)));
}

function cornersOf(edge: number): [number, number] {
  return [EDGE_LOW[edge], EDGE_LOW[edge] | (1 << EDGE_AXIS[edge])];
}

function isCrossed(configuration: number, edge: number): boolean {
  const [a, b] = cornersOf(edge);
  return ((configuration >> a) & 1) !== ((configuration >> b) & 1);
}

function crossedOfSide(configuration: number, side: number): number[] {
  const axis = side >> 1;
  const wanted = (side & 1) << axis;
  return Array.from({ length: 12 }, (_, edge) => edge).filter(
    (edge) =>
      isCrossed(configuration, edge) && cornersOf(edge).every((corner) => (corner & (1 << axis)) === wanted),
  );
}

/** Pairs of edges that the surface joins on one side. */
function linksOf(configuration: number, side: number, flipped: boolean): [number, number][] {
  const edges = crossedOfSide(configuration, side);
  if (edges.length === 2) return [[edges[0], edges[1]]];
  const shares = (a: number, b: number, state: number) =>
    cornersOf(a).some((corner) => cornersOf(b).includes(corner) && ((configuration >> corner) & 1) === state);
  return edges.flatMap((a, n) =>
    edges.slice(n + 1).flatMap((b) => (shares(a, b, flipped ? 0 : 1) ? [[a, b] as [number, number]] : [])),
  );
}

/** The cycle of each edge; -1 where it is not crossed. */
function cyclesOf(configuration: number, flippedSide: number): Int8Array {
  const neighbours: number[][] = Array.from({ length: 12 }, () => []);
  for (let side = 0; side < 6; side++) {
    for (const [a, b] of linksOf(configuration, side, side === flippedSide)) {
      neighbours[a].push(b);
      neighbours[b].push(a);
    }
  }
  const cycleOf = new Int8Array(12).fill(-1);
  let cycles = 0;
  for (let start = 0; start < 12; start++) {
    if (neighbours[start].length === 0 || cycleOf[start] >= 0) continue;
    const open = [start];
    for (let edge = open.pop(); edge !== undefined; edge = open.pop()) {
      cycleOf[edge] = cycles;
      open.push(...neighbours[edge].filter((next) => cycleOf[next] < 0));
    }
    cycles += 1;
  }
  return cycleOf;
}

function doubleSideOf(configuration: number, cycleOf: Int8Array): number {
  for (let side = 0; side < 6; side++) {
    const edges = crossedOfSide(configuration, side);
    if (edges.length === 4 && edges.every((edge) => cycleOf[edge] === cycleOf[edges[0]])) return side;
  }
  return -1;
}

function buildTable(): CellTable {
  const table = {
    cycleOf: new Int8Array(2 * FLIPPED * 12).fill(-1),
    cycles: new Uint8Array(2 * FLIPPED),
    doubleSide: new Int8Array(FLIPPED).fill(-1),
  };
  const set = (row: number, cycleOf: Int8Array) => {
    table.cycleOf.set(cycleOf, 12 * row);
    table.cycles[row] = Math.max(...cycleOf) + 1;
  };
  for (let configuration = 0; configuration < FLIPPED; configuration++) {
    const cycleOf = cyclesOf(configuration, -1);
    set(configuration, cycleOf);
    table.doubleSide[configuration] = doubleSideOf(configuration, cycleOf);
    set(configuration + FLIPPED, cyclesOf(configuration, table.doubleSide[configuration]));
  }
  return table;
}

let table: CellTable | null = null;

/** Made when a surface is first asked for: that is work for the worker alone. */
export function cellTable(): CellTable {
  table ??= buildTable();
  return table;
}
