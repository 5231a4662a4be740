/** Surface nets: the quads between the vertices of neighbouring cells. */
import type { Triple } from './geometry';
import { cellTable, EDGE_AXIS, EDGE_LOW, edgeFrom, FLIPPED } from './surfaceCells';
import type { SurfaceField } from './surfaceField';

export interface QuadMesh {
  /** Three coordinates per vertex, in blocks: whole numbers are centres of the field's blocks. */
  readonly positions: Float32Array;
  /** Four vertices per quad, counter-clockwise seen from outside. */
  readonly quads: Uint32Array;
}

export function quadMesh(field: SurfaceField): QuadMesh {
  return new MeshBuilder(field).build();
}

/** Values that are appended; grows by doubling. */
class Growing<T extends Float32Array | Uint32Array> {
  length = 0;
  values: T;
  private readonly make: (length: number) => T;

  constructor(make: (length: number) => T) {
    this.make = make;
    this.values = make(1 << 14);
  }

  /** Makes room for so many more, and where they start. */
  add(count: number): number {
    const start = this.length;
    this.length += count;
    if (this.length > this.values.length) {
      const larger = this.make(this.values.length * 2);
      larger.set(this.values);
      this.values = larger;
    }
    return start;
  }
}

/** The four corners of a cell at one i, as one number, spread to the places 0, 2, 4 and 6. */
const SPREAD = Uint8Array.from(
  { length: 16 },
  (_, m) => (m & 1) | ((m & 2) << 1) | ((m & 4) << 2) | ((m & 8) << 3),
);

class MeshBuilder {
  private readonly filled: Uint8Array;
  private readonly level: number;
  private readonly strides: Triple;
  private readonly size: Triple;
  /** Rows of blocks that hold anything inside. */
  private readonly rows: Uint8Array;
  /** Of the cells of two neighbouring slices: first vertex, and configuration. */
  private readonly first: readonly [Int32Array, Int32Array];
  private readonly configurations: readonly [Uint16Array, Uint16Array];
  private readonly positions = new Growing((length) => new Float32Array(length));
  private readonly quads = new Growing((length) => new Uint32Array(length));
  private readonly cornerOffsets: readonly number[];
  private readonly cells = cellTable();
  private vertices = 0;

  constructor({ filled, level, size }: SurfaceField) {
    this.filled = filled;
    this.level = level;
    this.size = size;
    this.strides = [1, size[0], size[0] * size[1]];
    const cells = size[0] * size[1];
    this.first = [new Int32Array(cells), new Int32Array(cells)];
    this.configurations = [new Uint16Array(cells), new Uint16Array(cells)];
    this.cornerOffsets = Array.from({ length: 8 }, (_, corner) =>
      this.strides.reduce((sum, stride, axis) => sum + ((corner >> axis) & 1) * stride, 0),
    );
    this.rows = new Uint8Array(size[1] * size[2]);
    for (let row = 0; row < this.rows.length; row++) {
      const start = row * size[0];
      if (filled.subarray(start, start + size[0]).some((voxels) => voxels >= level)) this.rows[row] = 1;
    }
  }

  build(): QuadMesh {
    const [, nj, nk] = this.size;
    for (let k = 0; k < nk - 1; k++) {
      for (let j = 0; j < nj - 1; j++) {
        const row = j + nj * k;
        if ((this.rows[row] | this.rows[row + 1] | this.rows[row + nj] | this.rows[row + nj + 1]) === 1) {
          this.addRow(j, k);
        }
      }
    }
    return {
      positions: this.positions.values.slice(0, this.positions.length),
      quads: this.quads.values.slice(0, this.quads.length),
    };
  }

  private addRow(j: number, k: number): void {
    const [ni] = this.size;
    const start = this.strides[1] * j + this.strides[2] * k;
    let low = this.columnAt(start);
    for (let i = 0; i < ni - 1; i++) {
      const high = this.columnAt(start + i + 1);
      if (low !== high || (low !== 0 && low !== 15)) {
        this.addCell(i, j, k, SPREAD[low] | (SPREAD[high] << 1));
      }
      low = high;
    }
  }

  /** Inside (1) or outside of the four blocks at one i. */
  private columnAt(block: number): number {
    const { filled, level, strides } = this;
    return (
      (filled[block] >= level ? 1 : 0) |
      (filled[block + strides[1]] >= level ? 2 : 0) |
      (filled[block + strides[2]] >= level ? 4 : 0) |
      (filled[block + strides[1] + strides[2]] >= level ? 8 : 0)
    );
  }

  private addCell(i: number, j: number, k: number, plain: number): void {
    const block = i + this.strides[1] * j + this.strides[2] * k;
    const configuration = this.isDoubled(block, plain) ? plain + FLIPPED : plain;
    const cell = i + this.size[0] * j;
    this.first[k & 1][cell] = this.vertices;
    this.configurations[k & 1][cell] = configuration;
    this.addVertices([i, j, k], block, configuration);
    for (let axis = 0; axis < 3; axis++) {
      const inside = plain & 1;
      if (inside !== ((plain >> (1 << axis)) & 1)) this.addQuad(cell, k, axis, inside === 1);
    }
  }

  /** Whether this cell and the one across a side both pass that side twice. */
  private isDoubled(block: number, configuration: number): boolean {
    const side = this.cells.doubleSide[configuration];
    if (side < 0) return false;
    const other = block + this.strides[side >> 1] * ((side & 1) === 1 ? 1 : -1);
    const across = SPREAD[this.columnAt(other)] | (SPREAD[this.columnAt(other + 1)] << 1);
    return this.cells.doubleSide[across] === (side ^ 1);
  }

  /** One vertex per cycle: the mean of where its edges are crossed. */
  private addVertices(at: Triple, block: number, configuration: number): void {
    const cycles = this.cells.cycles[configuration];
    const start = this.positions.add(3 * cycles);
    const { values } = this.positions;
    for (let cycle = 0; cycle < cycles; cycle++) {
      let [i, j, k, count] = [0, 0, 0, 0];
      for (let edge = 0; edge < 12; edge++) {
        if (this.cells.cycleOf[12 * configuration + edge] !== cycle) continue;
        const corner = EDGE_LOW[edge];
        const axis = EDGE_AXIS[edge];
        const crossing = this.crossing(block + this.cornerOffsets[corner], this.strides[axis]);
        i += axis === 0 ? crossing : corner & 1;
        j += axis === 1 ? crossing : (corner >> 1) & 1;
        k += axis === 2 ? crossing : corner >> 2;
        count += 1;
      }
      values[start + 3 * cycle] = at[0] + i / count;
      values[start + 3 * cycle + 1] = at[1] + j / count;
      values[start + 3 * cycle + 2] = at[2] + k / count;
    }
    this.vertices += cycles;
  }

  /** Where between two blocks the level is crossed, 0 to 1. */
  private crossing(low: number, stride: number): number {
    const from = this.filled[low];
    return (this.level - 0.5 - from) / (this.filled[low + stride] - from);
  }

  /** The quad around the edge that leaves the cell's corner 0 along an axis, from this and three earlier cells. */
  private addQuad(cell: number, k: number, axis: number, insideFirst: boolean): void {
    const u = (axis + 1) % 3;
    const v = (axis + 2) % 3;
    const start = this.quads.add(4);
    const { values } = this.quads;
    const a = this.vertexOf(cell, k, axis, u, v, 1, 1);
    const b = this.vertexOf(cell, k, axis, u, v, 0, 1);
    const c = this.vertexOf(cell, k, axis, u, v, 0, 0);
    const d = this.vertexOf(cell, k, axis, u, v, 1, 0);
    values[start] = a;
    values[start + 1] = insideFirst ? b : d;
    values[start + 2] = c;
    values[start + 3] = insideFirst ? d : b;
  }

  /** The vertex of the same edge in the cell `back` before this one along u and v. */
  private vertexOf(
    cell: number,
    k: number,
    axis: number,
    u: number,
    v: number,
    backU: number,
    backV: number,
  ): number {
    const corner = (backU << u) | (backV << v);
    const slice = (k - (corner >> 2)) & 1;
    const at = cell - (corner & 1) - ((corner >> 1) & 1) * this.size[0];
    const configuration = this.configurations[slice][at];
    return this.first[slice][at] + this.cells.cycleOf[12 * configuration + edgeFrom(corner, axis)];
  }
}
