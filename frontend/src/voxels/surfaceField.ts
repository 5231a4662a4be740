/** How full of a structure each block of voxels is: the grid that a surface is drawn through. */
import type { Box } from './box';
import type { Triple } from './geometry';

export interface SurfaceField {
  /** Blocks along each axis, with one empty block on every side. */
  readonly size: Triple;
  /** Voxels of the structure in each block. */
  readonly filled: Uint8Array;
  /** A block is inside from this many voxels on. */
  readonly level: number;
  /** Voxels of the structure. */
  readonly voxels: number;
  /** Voxels of a block along each axis. */
  readonly step: Triple;
}

/** A block's voxels are counted in a byte. */
const MOST_PER_BLOCK = 255;

/** The smallest blocks, as near to cubes as voxels allow, that cover the box with at most so many. */
export function blockStep({ size }: Box, spacing_mm: Triple, mostBlocks: number): Triple {
  const step: [number, number, number] = [1, 1, 1];
  const blocks = () => size.reduce((product, length, axis) => product * Math.ceil(length / step[axis]), 1);
  while (blocks() > mostBlocks) {
    const sides = step.map((voxels, axis) => voxels * spacing_mm[axis]);
    const axis = sides.indexOf(Math.min(...sides));
    step[axis] += 1;
    if (step[0] * step[1] * step[2] > MOST_PER_BLOCK) {
      step[axis] -= 1;
      break;
    }
  }
  return step;
}

/**
 * Blocks of a structure. The level is chosen so that the blocks inside hold about as much as the structure has, so
 * that thin parts are not lost where blocks are larger than they.
 */
export function surfaceField(labels: Uint8Array, box: Box, value: number, step: Triple): SurfaceField {
  const [ni, nj, nk] = box.size;
  const blocks = box.size.map((length, axis) => Math.ceil(length / step[axis]) + 2) as unknown as Triple;
  const filled = new Uint8Array(blocks[0] * blocks[1] * blocks[2]);
  const [stepI, stepJ, stepK] = step;
  for (let k = 0; k < nk; k++) {
    for (let j = 0; j < nj; j++) {
      const from = ni * (j + nj * k);
      const to = 1 + blocks[0] * (1 + Math.floor(j / stepJ) + blocks[1] * (1 + Math.floor(k / stepK)));
      addRow(labels, from, ni, value, filled, to, stepI);
    }
  }
  return { size: blocks, filled, ...levelOf(filled, stepI * stepJ * stepK), step };
}

function addRow(
  labels: Uint8Array,
  from: number,
  count: number,
  value: number,
  filled: Uint8Array,
  to: number,
  step: number,
): void {
  if (step === 1) {
    for (let i = 0; i < count; i++) if (labels[from + i] === value) filled[to + i] += 1;
    return;
  }
  for (let i = 0, block = to; i < count; block++) {
    const end = Math.min(count, i + step);
    for (; i < end; i++) if (labels[from + i] === value) filled[block] += 1;
  }
}

function levelOf(filled: Uint8Array, perBlock: number): { level: number; voxels: number } {
  const blocks = new Float64Array(256);
  for (const voxels of filled) blocks[voxels] += 1;
  const total = blocks.reduce((sum, count, voxels) => sum + count * voxels, 0);
  let level = perBlock;
  let inside = 0;
  let error = total;
  for (let voxels = perBlock; voxels >= 1; voxels--) {
    inside += blocks[voxels] * perBlock;
    if (Math.abs(inside - total) < error) {
      error = Math.abs(inside - total);
      level = voxels;
    }
  }
  return { level, voxels: total };
}
