/** The grid that seeds grow on: a region with a wall one voxel thick around it, so that no step leaves it. */
import type { StructureRef } from '../editMask';
import { isStructure } from '../labelMap';
import { OperationRefused, type Region } from './operation';
import { labelsFor } from './primitives/labels';

/** Owner of a voxel: 0 nobody, 1 the background, from 2 on the seeds in the order given. */
export const NOBODY = 0;
export const BACKGROUND_OWNER = 1;
export const FIRST_SEED = 2;
/** What stops growth; never an owner. */
export const WALL = 255;

export interface SeedGrid {
  /** Voxels along each axis with the wall, and what lies between neighbours on each axis. */
  readonly size: readonly [number, number, number];
  readonly strides: readonly [number, number, number];
  readonly hu: Int16Array;
  readonly owners: Uint8Array;
}

function isSeed(owner: number): boolean {
  return owner >= FIRST_SEED && owner !== WALL;
}

/** Metal and padding say nothing about where an organ ends. */
const LOWEST_HU = -1024;
const HIGHEST_HU = 3071;

/**
 * Seeds are the voxels of the structures. Other structures of the same layers are seeds of the background where it
 * grows too, and walls where it does not; the background also starts from the sides of the box, except from a side
 * that a seed touches: there the structure is taken to go on beyond the box.
 */
export function seedGrid(
  region: Region,
  hu: Int16Array,
  seeds: readonly StructureRef[],
  background: boolean,
): SeedGrid {
  const [ni, nj, nk] = region.size;
  const grid: SeedGrid = {
    size: [ni + 2, nj + 2, nk + 2],
    strides: [1, ni + 2, (ni + 2) * (nj + 2)],
    hu: new Int16Array((ni + 2) * (nj + 2) * (nk + 2)),
    owners: new Uint8Array((ni + 2) * (nj + 2) * (nk + 2)).fill(WALL),
  };
  const lookups = ownerLookups(region, seeds, background ? BACKGROUND_OWNER : WALL);
  eachRow(region, grid, (from, to) => {
    for (let i = 0; i < ni; i++) {
      const value = hu[from + i];
      grid.hu[to + i] = Math.max(LOWEST_HU, Math.min(HIGHEST_HU, value));
      grid.owners[to + i] = NOBODY;
    }
    for (const { labels, ownerOf } of lookups) takeRow(labels, ownerOf, grid.owners, from, to, ni);
  });
  if (background) seedSides(grid);
  return grid;
}

/** Calls back with where each row of the region starts, in the region and in the grid. */
export function eachRow(region: Region, grid: SeedGrid, onRow: (from: number, to: number) => void): void {
  const [ni, nj, nk] = region.size;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      onRow(ni * (j + nj * k), 1 + grid.strides[1] * (j + 1) + grid.strides[2] * (k + 1));
    }
  }
}

interface OwnerLookup {
  readonly labels: Uint8Array;
  readonly ownerOf: Uint8Array;
}

function ownerLookups(region: Region, seeds: readonly StructureRef[], others: number): OwnerLookup[] {
  const layers = new Map<number, Uint8Array>();
  seeds.forEach((seed, n) => {
    labelsFor(region, seed);
    let ownerOf = layers.get(seed.layer);
    if (ownerOf === undefined) {
      ownerOf = Uint8Array.from({ length: 256 }, (_, value) => (isStructure(value) ? others : NOBODY));
      layers.set(seed.layer, ownerOf);
    }
    if (isSeed(ownerOf[seed.value])) {
      throw new OperationRefused('The same structure was given twice as a seed; name each once.');
    }
    ownerOf[seed.value] = FIRST_SEED + n;
  });
  return [...layers].map(([layer, ownerOf]) => ({ labels: region.labels[layer], ownerOf }));
}

/** Where layers overlap a seed owns the voxel rather than a structure that is none, and the first seed of several. */
function takeRow(
  labels: Uint8Array,
  ownerOf: Uint8Array,
  owners: Uint8Array,
  from: number,
  to: number,
  count: number,
): void {
  for (let i = 0; i < count; i++) {
    const owner = ownerOf[labels[from + i]];
    if (owner === NOBODY || isSeed(owners[to + i])) continue;
    if (isSeed(owner) || owners[to + i] === NOBODY) owners[to + i] = owner;
  }
}

function seedSides(grid: SeedGrid): void {
  // All sides are looked at before any is seeded: they share edges.
  const free = [0, 1, 2].flatMap((axis) => {
    // Of a box one voxel thick every voxel is a side: then this axis has none.
    if (grid.size[axis] === 3) return [];
    return [1, grid.size[axis] - 2].map((at) => sideOf(grid, axis as 0 | 1 | 2, at)).filter(isFree(grid));
  });
  for (const side of free) {
    for (const voxel of side) if (grid.owners[voxel] === NOBODY) grid.owners[voxel] = BACKGROUND_OWNER;
  }
}

function isFree({ owners }: SeedGrid): (side: Int32Array) => boolean {
  return (side) => !side.some((voxel) => isSeed(owners[voxel]));
}

/** Voxels of the region at one place of an axis. */
function sideOf({ size, strides }: SeedGrid, axis: 0 | 1 | 2, at: number): Int32Array {
  const [u, v] = [(axis + 1) % 3, (axis + 2) % 3];
  const voxels = new Int32Array((size[u] - 2) * (size[v] - 2));
  let n = 0;
  for (let b = 1; b < size[v] - 1; b++) {
    for (let a = 1; a < size[u] - 1; a++) voxels[n++] = at * strides[axis] + a * strides[u] + b * strides[v];
  }
  return voxels;
}
