/** The borders between labels of one slice, as runs of voxel edges. Each edge belongs to the voxel inside of it. */

/** Which side of its voxels an edge is: towards the lower or higher row, or column. */
export const SIDES = ['lowRow', 'highRow', 'lowColumn', 'highColumn'] as const;
export type Side = (typeof SIDES)[number];

export interface EdgeRun {
  /** First voxel of the run; it goes on along the row for row sides, along the column for column sides. */
  readonly column: number;
  readonly row: number;
  readonly length: number;
  readonly side: Side;
  readonly label: number;
}

/** Columns and rows from `low` up to and without `high`. */
export interface Window2d {
  readonly lowColumn: number;
  readonly lowRow: number;
  readonly highColumn: number;
  readonly highRow: number;
}

const FIELDS = 5;

/** Many edge runs in one array: a slice with a hundred structures has thousands. */
export class EdgeRuns {
  count = 0;
  /** label, side, column, row, length of each run. */
  fields = new Int32Array(FIELDS * 512);

  add(label: number, side: number, column: number, row: number, length: number): void {
    let at = this.count * FIELDS;
    if (at === this.fields.length) {
      const larger = new Int32Array(this.fields.length * 2);
      larger.set(this.fields);
      this.fields = larger;
    }
    this.fields[at++] = label;
    this.fields[at++] = side;
    this.fields[at++] = column;
    this.fields[at++] = row;
    this.fields[at] = length;
    this.count += 1;
  }

  run(n: number): EdgeRun {
    const at = n * FIELDS;
    const field = (offset: number): number => this.fields[at + offset] as number;
    const side = SIDES[field(1)] as Side;
    return { label: field(0), side, column: field(2), row: field(3), length: field(4) };
  }

  list(): EdgeRun[] {
    return Array.from({ length: this.count }, (_, n) => this.run(n));
  }

  /** Numbers of the runs in ascending order of their label. */
  byLabel(): Uint32Array {
    const starts = new Uint32Array(257);
    for (let n = 0; n < this.count; n++) countOne(starts, (this.fields[n * FIELDS] as number) + 1);
    for (let label = 1; label < 257; label++) {
      starts[label] = (starts[label] as number) + (starts[label - 1] as number);
    }
    const order = new Uint32Array(this.count);
    for (let n = 0; n < this.count; n++) order[countOne(starts, this.fields[n * FIELDS] as number)] = n;
    return order;
  }
}

/** Counts one more and tells how many there were before. */
function countOne(counts: Uint32Array, n: number): number {
  const before = counts[n] as number;
  counts[n] = before + 1;
  return before;
}

/**
 * Edges of every label for which `visible` is 1, against any other label and against the rim of the slice. With a
 * window, only the edges of voxels inside of it.
 */
export function traceEdges(
  labels: Uint8Array,
  columns: number,
  rows: number,
  visible: Uint8Array,
  window: Window2d = { lowColumn: 0, lowRow: 0, highColumn: columns, highRow: rows },
): EdgeRuns {
  const tracer = new Tracer(labels, columns, rows, visible, window);
  for (let row = window.lowRow; row < window.highRow; row++) tracer.row(row);
  return tracer.finish();
}

class Tracer {
  private readonly runs = new EdgeRuns();
  private readonly rowLines: OpenRuns;
  private readonly columnLines: OpenRuns;

  constructor(
    private readonly labels: Uint8Array,
    private readonly columns: number,
    private readonly rows: number,
    private readonly visible: Uint8Array,
    private readonly window: Window2d,
  ) {
    this.rowLines = new OpenRuns(this.runs, 0, window.lowColumn, window.highColumn);
    this.columnLines = new OpenRuns(this.runs, 2, window.lowColumn, window.highColumn);
  }

  row(row: number): void {
    const { labels, columns, visible, rowLines, columnLines } = this;
    const { lowColumn, highColumn } = this.window;
    let anyOpen = false;
    for (let column = lowColumn, p = row * columns + column; column < highColumn; column++, p++) {
      const label = labels[p] as number;
      if (visible[label] === 1) {
        this.voxel(label, column, row, p);
        anyOpen = true;
        continue;
      }
      if (anyOpen) rowLines.closeRow(column, row);
      anyOpen = false;
      columnLines.closeColumn(column, row);
    }
    if (anyOpen) rowLines.closeRow(highColumn, row);
  }

  finish(): EdgeRuns {
    this.columnLines.closeAll(this.window.highRow);
    return this.runs;
  }

  private voxel(label: number, column: number, row: number, p: number): void {
    const { labels, columns, rows } = this;
    const up = row === 0 ? 0 : labels[p - columns];
    const down = row === rows - 1 ? 0 : labels[p + columns];
    const left = column === 0 ? 0 : labels[p - 1];
    const right = column === columns - 1 ? 0 : labels[p + 1];
    this.rowLines.stepRow(label, label !== up, label !== down, column, row);
    this.columnLines.stepColumn(label, label !== left, label !== right, column, row);
  }
}

/** Runs that have begun and not ended: one pair along the row, or one pair per column. */
class OpenRuns {
  private readonly runs: EdgeRuns;
  private readonly firstSide: number;
  private readonly low: number;
  private readonly labels: readonly [Uint8Array, Uint8Array];
  private readonly starts: readonly [Int32Array, Int32Array];

  constructor(runs: EdgeRuns, firstSide: number, low: number, high: number) {
    this.runs = runs;
    this.firstSide = firstSide;
    this.low = low;
    const count = firstSide === 0 ? 1 : high - low;
    this.labels = [new Uint8Array(count), new Uint8Array(count)];
    this.starts = [new Int32Array(count), new Int32Array(count)];
  }

  stepRow(label: number, first: boolean, second: boolean, column: number, row: number): void {
    this.step(0, 0, first ? label : 0, column, row, column);
    this.step(1, 0, second ? label : 0, column, row, column);
  }

  closeRow(column: number, row: number): void {
    this.stepRow(0, false, false, column, row);
  }

  stepColumn(label: number, first: boolean, second: boolean, column: number, row: number): void {
    this.step(0, column - this.low, first ? label : 0, column, row, row);
    this.step(1, column - this.low, second ? label : 0, column, row, row);
  }

  closeColumn(column: number, row: number): void {
    const line = column - this.low;
    if (this.labels[0][line] === 0 && this.labels[1][line] === 0) return;
    this.stepColumn(0, false, false, column, row);
  }

  closeAll(highRow: number): void {
    for (let line = 0; line < this.labels[0].length; line++) this.closeColumn(this.low + line, highRow);
  }

  private step(side: 0 | 1, line: number, label: number, column: number, row: number, place: number): void {
    const open = this.labels[side][line] as number;
    if (open === label) return;
    if (open !== 0) {
      const start = this.starts[side][line] as number;
      const alongRow = this.firstSide === 0;
      this.runs.add(
        open,
        this.firstSide + side,
        alongRow ? start : column,
        alongRow ? row : start,
        place - start,
      );
    }
    this.labels[side][line] = label;
    this.starts[side][line] = place;
  }
}
