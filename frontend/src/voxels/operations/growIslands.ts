/** Pieces that were grown over corners only, given to what surrounds them. */
import { type SeedGrid, WALL } from './growSeeds';

/**
 * Growth steps over corners as well as faces, so a piece can hang on its structure by a corner alone. Such pieces
 * of fewer than `below` voxels go to the owner that they share most faces with. `seeds` are the owners before growth.
 */
export function closeIslands(grid: SeedGrid, seeds: Uint8Array, below: number): void {
  const { owners, strides } = grid;
  const offsets = strides.flatMap((stride) => [-stride, stride]);
  const joined = joinedToSeeds(owners, seeds, offsets);
  for (let start = 0; start < owners.length; start++) {
    if (joined[start] === 1 || owners[start] === WALL || owners[start] === 0) continue;
    const piece: number[] = [];
    flood(owners, joined, offsets, start, (voxel) => piece.push(voxel));
    if (piece.length < below) giveAway(piece, owners, offsets);
  }
}

/** 1 for every voxel that a path over faces within its owner joins to a seed of that owner. */
function joinedToSeeds(owners: Uint8Array, seeds: Uint8Array, offsets: readonly number[]): Uint8Array {
  const joined = new Uint8Array(owners.length);
  for (let voxel = 0; voxel < owners.length; voxel++) {
    if (seeds[voxel] !== 0 && seeds[voxel] !== WALL && joined[voxel] === 0) {
      flood(owners, joined, offsets, voxel);
    }
  }
  return joined;
}

/** Marks all that faces join to the start within one owner. */
function flood(
  owners: Uint8Array,
  marked: Uint8Array,
  offsets: readonly number[],
  start: number,
  onVoxel: (voxel: number) => void = () => undefined,
): void {
  const owner = owners[start];
  const open = [start];
  marked[start] = 1;
  for (let voxel = open.pop(); voxel !== undefined; voxel = open.pop()) {
    onVoxel(voxel);
    for (const offset of offsets) {
      const next = voxel + offset;
      if (owners[next] !== owner || marked[next] === 1) continue;
      marked[next] = 1;
      open.push(next);
    }
  }
}

function giveAway(piece: readonly number[], owners: Uint8Array, offsets: readonly number[]): void {
  const own = owners[piece[0]];
  const faces = new Float64Array(256);
  for (const voxel of piece) {
    for (const offset of offsets) faces[owners[voxel + offset]] += 1;
  }
  faces[0] = faces[WALL] = faces[own] = 0;
  const winner = faces.indexOf(Math.max(...faces));
  if (faces[winner] === 0) return;
  for (const voxel of piece) owners[voxel] = winner;
}
