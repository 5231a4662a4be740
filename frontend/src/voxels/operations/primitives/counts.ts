/** How many voxels of a ball around a place are members, row by row. */
import { type Box, boxOf } from '../../box';
import type { Triple } from '../../geometry';
import { type BallRow, ballRows, ballVoxels, clamp, type Grid } from './ball';

/** Counts must fit 16 bits where they are kept. */
export const MOST_BALL_VOXELS = 65_535;

/** Beyond the grid every row and every voxel repeats the last one inside. */
export class BallCounts {
  readonly ballVoxels: number;
  private readonly labels: Uint8Array;
  private readonly member: Uint8Array;
  private readonly size: Triple;
  private readonly rows: readonly BallRow[];
  private readonly occupied: Uint8Array;
  private readonly sums: Int32Array;

  /** No member lies outside the box `within`. */
  constructor(labels: Uint8Array, values: readonly number[], grid: Grid, radius_mm: number, within?: Box) {
    const [ni, nj, nk] = grid.size;
    this.labels = labels;
    this.size = grid.size;
    this.rows = ballRows(radius_mm, grid.spacing_mm);
    this.ballVoxels = ballVoxels(this.rows);
    this.member = new Uint8Array(256);
    for (const value of values) this.member[value] = 1;
    this.sums = new Int32Array(ni);
    this.occupied = new Uint8Array(nj * nk);
    const { low, size } = within ?? boxOf(grid.size);
    for (let k = low[2]; k < low[2] + size[2]; k += 1) {
      for (let j = low[1]; j < low[1] + size[1]; j += 1) {
        const row = j + nj * k;
        this.occupied[row] = this.holdsMember(row * ni + low[0], row * ni + low[0] + size[0]) ? 1 : 0;
      }
    }
  }

  private holdsMember(first: number, end: number): boolean {
    const { labels, member } = this;
    for (let at = first; at < end; at += 1) if (member[labels[at]] === 1) return true;
    return false;
  }

  /** Writes the counts of voxels first … end - 1 of a row; false where all of them are zero. */
  row(counts: Int32Array, j: number, k: number, first: number, end: number): boolean {
    counts.fill(0, first, end);
    const { rows } = this;
    let any = false;
    for (let from = 0; from < rows.length; ) {
      const half = rows[from].half;
      let to = from;
      while (to < rows.length && rows[to].half === half) to += 1;
      if (this.sum(from, to, j, k, Math.max(0, first - half), Math.min(this.size[0], end + half))) {
        this.spread(counts, half, first, end);
        any = true;
      }
      from = to;
    }
    return any;
  }

  /** Members of each column over rows of one length; false where there are none. */
  private sum(from: number, to: number, j: number, k: number, first: number, end: number): boolean {
    const { rows, labels, member, sums, occupied } = this;
    const [ni, nj, nk] = this.size;
    let any = false;
    for (let at = from; at < to; at += 1) {
      const row = clamp(j + rows[at].dj, nj) + nj * clamp(k + rows[at].dk, nk);
      if (occupied[row] === 0) continue;
      if (!any) sums.fill(0, first, end);
      any = true;
      const base = row * ni;
      for (let i = first; i < end; i += 1) sums[i] += member[labels[base + i]];
    }
    return any;
  }

  /** Adds the sums of columns i - half … i + half to the count of i. */
  private spread(counts: Int32Array, half: number, first: number, end: number): void {
    const { sums } = this;
    const last = this.size[0] - 1;
    let sum = 0;
    for (let i = first - half; i <= first + half; i += 1) sum += sums[clamp(i, last + 1)];
    counts[first] += sum;
    for (let i = first + 1; i < end; i += 1) {
      const enters = i + half;
      const leaves = i - half - 1;
      sum += sums[Math.min(enters, last)] - sums[Math.max(leaves, 0)];
      counts[i] += sum;
    }
  }
}
