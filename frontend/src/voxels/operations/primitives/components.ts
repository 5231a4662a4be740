/** Connected components, by joining runs of voxels: memory follows the number of runs, not of voxels. */
import type { Triple } from '../../geometry';

/** Neighbours across faces, or across faces, edges and corners. */
export type Connectivity = 6 | 26;

/** Numbers that are appended; grows by doubling. */
class Numbers {
  length = 0;
  values = new Int32Array(1024);

  push(value: number): void {
    if (this.length === this.values.length) {
      const larger = new Int32Array(2 * this.length);
      larger.set(this.values);
      this.values = larger;
    }
    this.values[this.length] = value;
    this.length += 1;
  }
}

export class Components {
  readonly count: number;
  /** Voxels of each component. */
  readonly voxels: Float64Array;
  private readonly rowLength: number;
  private readonly rows: Int32Array;
  private readonly starts: Int32Array;
  private readonly ends: Int32Array;
  private readonly owners: Int32Array;

  /** Components of the voxels that hold `value`, numbered in the order in which they are first met. */
  constructor(labels: Uint8Array, value: number, size: Triple, connectivity: Connectivity = 6) {
    const runs = new Runs(labels, value, size);
    runs.join(connectivity);
    this.rowLength = size[0];
    this.rows = runs.rows;
    this.starts = runs.starts.values;
    this.ends = runs.ends.values;
    this.owners = runs.parents.values.slice(0, runs.starts.length);
    this.count = runs.number(this.owners);
    this.voxels = new Float64Array(this.count);
    for (let run = 0; run < this.owners.length; run += 1) {
      this.voxels[this.owners[run]] += this.ends[run] - this.starts[run];
    }
  }

  /** Component of the voxel at this place of the array, -1 for none. */
  componentAt(place: number): number {
    const row = Math.floor(place / this.rowLength);
    for (let run = this.rows[row]; run < this.rows[row + 1]; run += 1) {
      if (place >= this.starts[run] && place < this.ends[run]) return this.owners[run];
    }
    return -1;
  }

  /** The largest component, the first of them where several are as large; -1 for none. */
  get largest(): number {
    return this.voxels.reduce((best, voxels, at) => (best < 0 || voxels > this.voxels[best] ? at : best), -1);
  }

  /** Writes a value over each component; null leaves it as it is. */
  paint(into: Uint8Array, value: (component: number) => number | null): void {
    const values = Array.from({ length: this.count }, (_, component) => value(component));
    for (let run = 0; run < this.owners.length; run += 1) {
      const own = values[this.owners[run]];
      if (own !== null) into.fill(own, this.starts[run], this.ends[run]);
    }
  }
}

/** Runs along i of one value, and the forest that joins them. */
class Runs {
  /** First run of each row; one more at the end. */
  readonly rows: Int32Array;
  readonly starts = new Numbers();
  readonly ends = new Numbers();
  readonly parents = new Numbers();
  private readonly size: Triple;

  constructor(labels: Uint8Array, value: number, size: Triple) {
    const [ni, nj, nk] = size;
    this.size = size;
    this.rows = new Int32Array(nj * nk + 1);
    let next = labels.indexOf(value);
    for (let row = 0; row < nj * nk; row += 1) {
      this.rows[row] = this.starts.length;
      const end = (row + 1) * ni;
      while (next >= 0 && next < end) {
        const after = endOfRun(labels, value, next, end);
        this.parents.push(this.starts.length);
        this.starts.push(next);
        this.ends.push(after);
        next = labels.indexOf(value, after);
      }
    }
    this.rows[nj * nk] = this.starts.length;
  }

  join(connectivity: Connectivity): void {
    const [, nj, nk] = this.size;
    for (let k = 0; k < nk; k += 1) {
      for (let j = 0; j < nj; j += 1) {
        const row = j + nj * k;
        if (this.rows[row] !== this.rows[row + 1]) this.joinEarlier(row, j, k, connectivity === 26);
      }
    }
  }

  /** Joins a row with those of its neighbours that were read before it. */
  private joinEarlier(row: number, j: number, k: number, wide: boolean): void {
    const nj = this.size[1];
    if (j > 0) this.joinRows(row, row - 1, wide);
    if (k === 0) return;
    this.joinRows(row, row - nj, wide);
    if (wide && j > 0) this.joinRows(row, row - nj - 1, true);
    if (wide && j < nj - 1) this.joinRows(row, row - nj + 1, true);
  }

  /** Joins the runs of two rows that overlap, or with `wide` that touch at a corner. */
  private joinRows(row: number, other: number, wide: boolean): void {
    const starts = this.starts.values;
    const ends = this.ends.values;
    const shift = (row - other) * this.size[0];
    const reach = wide ? 1 : 0;
    let b = this.rows[other];
    for (let a = this.rows[row]; a < this.rows[row + 1]; ) {
      if (b === this.rows[other + 1]) return;
      if (starts[a] < ends[b] + shift + reach && starts[b] + shift < ends[a] + reach) this.union(a, b);
      if (ends[a] < ends[b] + shift) a += 1;
      else b += 1;
    }
  }

  private root(run: number): number {
    const parents = this.parents.values;
    let at = run;
    while (parents[at] !== at) {
      parents[at] = parents[parents[at]];
      at = parents[at];
    }
    return at;
  }

  private union(a: number, b: number): void {
    const one = this.root(a);
    const two = this.root(b);
    // The earlier run stays the root, so components are numbered as they are met.
    if (one < two) this.parents.values[two] = one;
    else this.parents.values[one] = two;
  }

  /** Writes the component of every run; how many there are. */
  number(owners: Int32Array): number {
    let count = 0;
    for (let run = 0; run < owners.length; run += 1) {
      const root = this.root(run);
      // A root is the first run of its component, so it has its number before the others ask for it.
      owners[run] = root === run ? count++ : owners[root];
    }
    return count;
  }
}

function endOfRun(labels: Uint8Array, value: number, first: number, end: number): number {
  let place = first + 1;
  while (place < end && labels[place] === value) place += 1;
  return place;
}
