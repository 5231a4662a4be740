/** A stroke while it is drawn: it writes at once and keeps what the voxels held before. */
import { type Box, boxBetween } from '../box';
import type { StructureRef } from '../editMask';
import { RunBuilder, type SliceRuns } from '../edits';
import { BACKGROUND, IGNORE, isStructure, type LabelMap } from '../labelMap';
import type { HuLimits, VoxelFilter } from './filter';
import { type EditStep, SliceChanges, StepBuilder } from './step';
import type { EditTool } from './tools';

export interface StrokeTarget {
  readonly tool: EditTool;
  readonly layer: number;
  /** The structure that is painted, erased or restored. */
  readonly value: number;
  /**
   * What is written: a value, by default the structure's (background for the eraser), or for each voxel what
   * another mask holds there. From a mask only the structure is restored: voxels that it has here or there.
   */
  readonly writes?: number | LabelMap;
  /** Erasing: every structure of the layer. Restoring: whatever the other mask holds. */
  readonly all?: boolean;
  /** Only voxels within this range, inclusive. */
  readonly hu?: HuLimits;
}

/** `lose[old]` and `gain[now]`: 1 where locks let a voxel be taken from, or given to, that value. */
export interface Locks {
  readonly lose: Uint8Array;
  readonly gain: Uint8Array;
}

export function writtenBy({ tool, value, writes }: StrokeTarget): number | LabelMap {
  return writes ?? (tool === 'eraser' ? BACKGROUND : value);
}

/** A row of voxels: `count` positions in slice k from `start` in steps of `stride`. */
export interface Span {
  readonly k: number;
  readonly start: number;
  readonly count: number;
  readonly stride: number;
}

export class OpenStroke {
  readonly target: StrokeTarget;
  private readonly map: LabelMap;
  private readonly locks: Locks;
  private readonly filter: VoxelFilter | null;
  private readonly written: number | LabelMap;
  private readonly replaceable: Uint8Array;
  private readonly before = new Map<number, SliceBefore>();
  private readonly spare: SliceBefore[];

  /** `spare`: memory of strokes that ended, for this one to use and to give back. */
  constructor(
    map: LabelMap,
    target: StrokeTarget,
    locks: Locks,
    filter: VoxelFilter | null,
    spare: SliceBefore[],
  ) {
    this.map = map;
    this.spare = spare;
    this.target = target;
    this.locks = locks;
    this.filter = filter;
    this.written = writtenBy(target);
    this.replaceable = replaceableBy(target, this.written, locks);
  }

  /** Writes one span; false where no voxel of it changed. */
  write(k: number, start: number, count: number, stride: number): boolean {
    const allowed = this.filter === null ? null : this.filter.mark(k, start, count, stride);
    return typeof this.written === 'number'
      ? this.paint(this.written, allowed, k, start, count, stride)
      : this.restore(this.written.layers[this.target.layer][k], allowed, k, start, count, stride);
  }

  /** All that was written so far, as a step; the stroke stays open. */
  step(): EditStep | null {
    const builder = new StepBuilder(this.map.shape);
    const { layer, value, tool } = this.target;
    for (const [k, before] of [...this.before].sort((a, b) => a[0] - b[0])) {
      builder.take(before.changes(layer, k, this.map.layers[layer][k]));
    }
    const target: StructureRef = { layer, value };
    return builder.build(tool, target);
  }

  /**
   * The same voxels as `after` of the step, and those that lie beside them under the brush and hold the written value
   * already: rows then end where the brush does, not at the rough borders of what was there, and take fewer bytes.
   */
  sent(after: readonly SliceRuns[]): readonly SliceRuns[] {
    const { written } = this;
    if (typeof written !== 'number') return after;
    return after.map((runs) => {
      const voxels = this.map.layers[runs.layer][runs.k];
      return this.before.get(runs.k)?.widened(runs, voxels, written) ?? runs;
    });
  }

  /** The stroke is over. */
  release(): void {
    for (const before of this.before.values()) {
      if (this.spare.length >= MOST_SPARE) break;
      before.clear();
      this.spare.push(before);
    }
    this.before.clear();
  }

  private paint(
    written: number,
    allowed: Uint8Array | null,
    k: number,
    start: number,
    count: number,
    stride: number,
  ): boolean {
    const voxels = this.map.layers[this.target.layer][k];
    const { replaceable } = this;
    let kept: SliceBefore | null = null;
    for (let n = 0, p = start; n < count; n++, p += stride) {
      if (replaceable[voxels[p]] === 0 || (allowed !== null && allowed[n] === 0)) continue;
      kept ??= this.keep(k, p, count - n, stride);
      voxels[p] = written;
    }
    kept?.cover(start, count, stride);
    return kept !== null;
  }

  private restore(
    source: Uint8Array,
    allowed: Uint8Array | null,
    k: number,
    start: number,
    count: number,
    stride: number,
  ): boolean {
    const voxels = this.map.layers[this.target.layer][k];
    let kept: SliceBefore | null = null;
    for (let n = 0, p = start; n < count; n++, p += stride) {
      if (!this.mayRestore(voxels[p], source[p]) || (allowed !== null && allowed[n] === 0)) continue;
      kept ??= this.keep(k, p, count - n, stride);
      voxels[p] = source[p];
    }
    return kept !== null;
  }

  private mayRestore(old: number, now: number): boolean {
    if (old === now || (this.target.all !== true && old !== this.target.value && now !== this.target.value)) {
      return false;
    }
    return mayChange(this.locks, old, now);
  }

  /** Keeps what the rest of a span holds, before its first voxel is written. */
  private keep(k: number, start: number, count: number, stride: number): SliceBefore {
    let before = this.before.get(k);
    const voxels = this.map.layers[this.target.layer][k];
    if (before === undefined) {
      before = this.spare.pop() ?? new SliceBefore(voxels.length, this.map.shape[0]);
      this.before.set(k, before);
    }
    if (stride === 1) before.keep(voxels, start, start + count - 1);
    else for (let n = 0, p = start; n < count; n++, p += stride) before.keep(voxels, p, p);
    return before;
  }
}

/** Locks are kept, "not annotated" gives way to structures only and is never written. */
export function mayChange({ lose, gain }: Locks, old: number, now: number): boolean {
  return lose[old] === 1 && gain[now] === 1 && !(old === IGNORE && now === BACKGROUND);
}

/** Which old values a stroke that writes one value may overwrite. */
function replaceableBy({ value, all }: StrokeTarget, written: number | LabelMap, locks: Locks): Uint8Array {
  if (typeof written !== 'number') return locks.lose;
  const erases = written === BACKGROUND;
  return Uint8Array.from({ length: 256 }, (_, old) => {
    if (old === written || !mayChange(locks, old, written)) return 0;
    return !erases || old === value || (all === true && isStructure(old)) ? 1 : 0;
  });
}

const BLOCK_BITS = 6;
const BLOCK = 1 << BLOCK_BITS;

/** Slices of a large sphere; 32 MB where slices have 512 x 512 voxels. */
const MOST_SPARE = 128;

/** What one slice held before a stroke, in blocks of positions: only those that the stroke came to. */
export class SliceBefore {
  private readonly voxels: Uint8Array;
  private readonly kept: Uint8Array;
  private readonly columns: number;
  /** First column, and end, of what the brush covered in each row. */
  private readonly low: Int32Array;
  private readonly high: Int32Array;

  constructor(length: number, columns: number) {
    this.voxels = new Uint8Array(length);
    this.kept = new Uint8Array(Math.ceil(length / BLOCK));
    this.columns = columns;
    this.low = new Int32Array(length / columns).fill(columns);
    this.high = new Int32Array(length / columns);
  }

  clear(): void {
    this.kept.fill(0);
    this.low.fill(this.columns);
    this.high.fill(0);
  }

  /** The brush came over these positions. */
  cover(start: number, count: number, stride: number): void {
    const { columns, low, high } = this;
    let column = start % columns;
    let row = (start - column) / columns;
    for (let left = count; left > 0; row++) {
      // Along a row a span is one piece; along a column, one voxel of each row.
      const here = stride === 1 ? Math.min(left, columns - column) : 1;
      if (column < low[row]) low[row] = column;
      if (column + here > high[row]) high[row] = column + here;
      left -= here;
      if (stride === 1) column = 0;
    }
  }

  /** Runs of one value, made longer over voxels of that value as far as the brush came in the row. */
  widened({ layer, k, starts, lengths }: SliceRuns, now: Uint8Array, value: number): SliceRuns {
    const { columns, low, high } = this;
    const builder = new RunBuilder();
    let done = 0;
    for (let r = 0; r < starts.length; r++) {
      const end = starts[r] + lengths[r];
      let start = Math.max(done, starts[r]);
      while (start < end) {
        const first = start - (start % columns);
        const row = first / columns;
        const from = Math.max(done, first + low[row]);
        const to = first + high[row];
        let stop = Math.min(end, first + columns);
        while (start > from && now[start - 1] === value) start -= 1;
        while (stop < to && now[stop] === value) stop += 1;
        builder.add(start, value, stop - start);
        done = stop;
        start = stop;
      }
    }
    return builder.build(layer, k);
  }

  keep(voxels: Uint8Array, first: number, last: number): void {
    const end = (last >> BLOCK_BITS) + 1;
    let block = first >> BLOCK_BITS;
    while (block < end) {
      const from = block;
      while (block < end && this.kept[block] === 0) block += 1;
      if (block > from) {
        this.voxels.set(voxels.subarray(from << BLOCK_BITS, block << BLOCK_BITS), from << BLOCK_BITS);
        this.kept.fill(1, from, block);
      }
      while (block < end && this.kept[block] === 1) block += 1;
    }
  }

  changes(layer: number, k: number, now: Uint8Array): SliceChanges {
    const changes = new SliceChanges(layer, k);
    for (let block = 0; block < this.kept.length; block++) {
      if (this.kept[block] === 0) continue;
      const start = block << BLOCK_BITS;
      changes.compare(start, Math.min(BLOCK, now.length - start), this.voxels, start, now, start);
    }
    return changes;
  }
}

/** The box around spans that changed something. */
export class GrowingBox {
  private readonly low: [number, number, number] = [Infinity, Infinity, Infinity];
  private readonly high: [number, number, number] = [-1, -1, -1];

  add(i: number, j: number, k: number): void {
    const { low, high } = this;
    if (i < low[0]) low[0] = i;
    if (i > high[0]) high[0] = i;
    if (j < low[1]) low[1] = j;
    if (j > high[1]) high[1] = j;
    if (k < low[2]) low[2] = k;
    if (k > high[2]) high[2] = k;
  }

  found(): Box | null {
    return this.high[2] < 0 ? null : boxBetween(this.low, this.high);
  }
}
