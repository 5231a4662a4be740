/** The borders between labels of one slice, as runs of voxel edges. Each edge belongs to the voxel inside of it. */

/** Which side of its voxels an edge is: towards the lower or higher row, or column. */
export type Side = 'lowRow' | 'highRow' | 'lowColumn' | 'highColumn';

export interface EdgeRun {
  /** First voxel of the run; it goes on along the row for row sides, along the column for column sides. */
  readonly column: number;
  readonly row: number;
  readonly length: number;
  readonly side: Side;
  readonly label: number;
}

/** One line of voxels, and how its edges are named. */
interface Line {
  readonly start: number;
  readonly step: number;
  readonly count: number;
  /** Offset to the neighbour beyond the edge; null at the rim of the slice. */
  readonly neighbour: number | null;
  readonly side: Side;
}

/** Edges of every label for which `visible` is 1, against any other label and against the rim of the slice. */
export function traceEdges(
  labels: Uint8Array,
  columns: number,
  rows: number,
  visible: Uint8Array,
): EdgeRun[] {
  const edges: EdgeRun[] = [];
  const addRow = (row: number, side: Side, neighbour: number | null) =>
    traceLine(
      labels,
      visible,
      { start: row * columns, step: 1, count: columns, neighbour, side },
      (at, length, label) => edges.push({ column: at, row, length, side, label }),
    );
  const addColumn = (column: number, side: Side, neighbour: number | null) =>
    traceLine(
      labels,
      visible,
      { start: column, step: columns, count: rows, neighbour, side },
      (at, length, label) => edges.push({ column, row: at, length, side, label }),
    );
  for (let row = 0; row < rows; row++) {
    addRow(row, 'lowRow', row === 0 ? null : -columns);
    addRow(row, 'highRow', row === rows - 1 ? null : columns);
  }
  for (let column = 0; column < columns; column++) {
    addColumn(column, 'lowColumn', column === 0 ? null : -1);
    addColumn(column, 'highColumn', column === columns - 1 ? null : 1);
  }
  return edges;
}

function traceLine(
  labels: Uint8Array,
  visible: Uint8Array,
  line: Line,
  onRun: (at: number, length: number, label: number) => void,
): void {
  let open = 0;
  let from = 0;
  for (let n = 0, p = line.start; n < line.count; n++, p += line.step) {
    const label = labels[p] as number;
    const beyond = line.neighbour === null ? 0 : labels[p + line.neighbour];
    const edge = label !== beyond && visible[label] === 1 ? label : 0;
    if (edge === open) continue;
    if (open !== 0) onRun(from, n - from, open);
    open = edge;
    from = n;
  }
  if (open !== 0) onRun(from, line.count - from, open);
}
