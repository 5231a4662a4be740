/**
 * Exact Euclidean distances on a grid with different spacings, in linear time.
 *
 * One axis after another, each line by the lower envelope of parabolas (Felzenszwalb and Huttenlocher, Distance
 * Transforms of Sampled Functions, Theory of Computing 8, 2012). Four bytes per voxel.
 */
import { type Grid, squaredReach } from './ball';

export interface DistanceOptions {
  /** Distances to voxels that are zero, instead of to those that are not. */
  readonly toZero?: boolean;
  /** What is farther is Infinity, which takes less time. */
  readonly limit_mm?: number;
  /** Array of the grid's length that may be overwritten. */
  readonly into?: Float32Array;
  readonly report?: (share: number) => void;
}

/** Lines that are gathered together: neighbours in memory are then read in one go. */
const TILE = 32;

/** For every voxel the squared distance in mm² to the nearest voxel that is set; Infinity where none is. */
export function squaredDistances(mask: Uint8Array, grid: Grid, options: DistanceOptions = {}): Float32Array {
  const [ni, nj, nk] = grid.size;
  const [si, sj, sk] = grid.spacing_mm;
  const limit = options.limit_mm === undefined ? Number.POSITIVE_INFINITY : squaredReach(options.limit_mm);
  const report = options.report ?? (() => undefined);
  const distances = options.into ?? new Float32Array(mask.length);
  alongRows(mask, distances, { count: ni, step_mm: si, limit, wanted: options.toZero === true ? 0 : 1 });
  report(1 / 4);
  const lines = new Lines(distances, limit, Math.max(nj, nk));
  for (let k = 0; k < nk; k += 1) {
    lines.sweep({ first: k * ni * nj, side: ni, stride: ni, count: nj, step_mm: sj });
    report(1 / 4 + (3 / 8) * ((k + 1) / nk));
  }
  for (let j = 0; j < nj; j += 1) {
    lines.sweep({ first: j * ni, side: ni, stride: ni * nj, count: nk, step_mm: sk });
    report(5 / 8 + (3 / 8) * ((j + 1) / nj));
  }
  return distances;
}

interface RowPass {
  readonly count: number;
  readonly step_mm: number;
  readonly limit: number;
  /** Whether voxels that are set (1) or zero (0) are the nearest that is looked for. */
  readonly wanted: 0 | 1;
}

/** Along i every voxel costs nothing or infinitely much: two scans are enough. */
function alongRows(mask: Uint8Array, distances: Float32Array, pass: RowPass): void {
  const { count, step_mm, limit, wanted } = pass;
  const squares = Float64Array.from({ length: count + 1 }, (_, n) => within((n * step_mm) ** 2, limit));
  squares[count] = Number.POSITIVE_INFINITY;
  const steps = new Int32Array(count);
  for (let row = 0; row < mask.length; row += count) {
    countSteps(mask, row, steps, wanted);
    for (let i = 0; i < count; i += 1) distances[row + i] = squares[steps[i]];
  }
}

/** Voxels from each place of a row to the nearest wanted one; the length of the row where there is none. */
function countSteps(mask: Uint8Array, row: number, steps: Int32Array, wanted: 0 | 1): void {
  const count = steps.length;
  let since = count;
  for (let i = 0; i < count; i += 1) {
    if ((mask[row + i] === 0 ? 0 : 1) === wanted) since = 0;
    else if (since < count) since += 1;
    steps[i] = since;
  }
  for (let i = count - 2; i >= 0; i -= 1) steps[i] = Math.min(steps[i], steps[i + 1] + 1);
}

function within(squared: number, limit: number): number {
  return squared <= limit ? squared : Number.POSITIVE_INFINITY;
}

interface LinePass {
  readonly first: number;
  /** Lines that lie side by side. */
  readonly side: number;
  readonly stride: number;
  readonly count: number;
  readonly step_mm: number;
}

/** Parallel lines of one array, taken through the lower envelope in place. */
class Lines {
  private readonly values: Float32Array;
  private readonly limit: number;
  private readonly tile: Float64Array;
  private readonly filled = new Uint8Array(TILE);
  private readonly costs: Float64Array;
  private readonly centres: Int32Array;
  private readonly borders: Float64Array;

  constructor(values: Float32Array, limit: number, longest: number) {
    this.values = values;
    this.limit = limit;
    this.tile = new Float64Array(longest * TILE);
    this.costs = new Float64Array(longest);
    this.centres = new Int32Array(longest);
    this.borders = new Float64Array(longest + 1);
  }

  sweep(pass: LinePass): void {
    if (pass.count === 1) return;
    for (let start = 0; start < pass.side; start += TILE) {
      const width = Math.min(TILE, pass.side - start);
      if (!this.gather(pass, start, width)) continue;
      for (let line = 0; line < width; line += 1) {
        if (this.filled[line] === 1) this.envelope(line * pass.count, pass.count, pass.step_mm ** 2);
      }
      this.scatter(pass, start, width);
    }
  }

  /** Copies lines side by side into the tile; false where nothing in them is near enough to matter. */
  private gather(pass: LinePass, start: number, width: number): boolean {
    const { values, tile, filled } = this;
    filled.fill(0);
    let any = 0;
    for (let q = 0; q < pass.count; q += 1) {
      const from = pass.first + start + q * pass.stride;
      for (let line = 0; line < width; line += 1) {
        const value = values[from + line];
        tile[line * pass.count + q] = value;
        if (value !== Number.POSITIVE_INFINITY) any = filled[line] = 1;
      }
    }
    return any === 1;
  }

  private scatter(pass: LinePass, start: number, width: number): void {
    const { values, tile } = this;
    for (let q = 0; q < pass.count; q += 1) {
      const to = pass.first + start + q * pass.stride;
      for (let line = 0; line < width; line += 1) values[to + line] = tile[line * pass.count + q];
    }
  }

  /** min over v of cost(v) + weight (q - v)², for every q of one line of the tile. */
  private envelope(first: number, count: number, weight: number): void {
    const { tile, costs, centres, borders, limit } = this;
    let last = -1;
    for (let q = 0; q < count; q += 1) {
      const cost = tile[first + q];
      costs[q] = cost;
      if (cost === Number.POSITIVE_INFINITY) continue;
      let border = Number.NEGATIVE_INFINITY;
      while (last >= 0) {
        const v = centres[last];
        border = (cost - costs[v] + weight * (q * q - v * v)) / (2 * weight * (q - v));
        if (border > borders[last]) break;
        last -= 1;
        border = Number.NEGATIVE_INFINITY;
      }
      last += 1;
      centres[last] = q;
      borders[last] = border;
    }
    borders[last + 1] = Number.POSITIVE_INFINITY;
    for (let q = 0, at = 0; q < count; q += 1) {
      while (borders[at + 1] < q) at += 1;
      const v = centres[at];
      const squared = costs[v] + weight * (q - v) * (q - v);
      tile[first + q] = squared <= limit ? squared : Number.POSITIVE_INFINITY;
    }
  }
}
