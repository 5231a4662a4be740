/** A stroke while it is drawn: it writes at once and keeps what the voxels held before. */
import { type Box, boxBetween } from '../box';
import type { StructureRef } from '../editMask';
import { RunBuilder, type SliceRuns } from '../edits';
import { BACKGROUND, IGNORE, isStructure, type LabelMap, type LayerSlices } from '../labelMap';
import type { OnSpan } from '../sweep';
import type { HuLimits, VoxelFilter } from './filter';
import { firstToPaint, paintWords, wordsOf } from './quickPaint';
import { BlockStore, SliceBefore } from './sliceBefore';
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

/** Slices of a large sphere, and voxels of a long drag with one, in MB. */
const MOST_SPARE_SLICES = 128;
const MOST_SPARE_PAGES = 8;
/** What the first stroke finds: enough for a sphere of 40 mm. */
const READY_PAGES = 3;

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
  private readonly slices: LayerSlices;
  private readonly locks: Locks;
  private readonly filter: VoxelFilter | null;
  private readonly written: number | LabelMap;
  private readonly replaceable: Uint8Array;
  private readonly memory: StrokeMemory;
  private readonly before = new Map<number, SliceBefore>();
  private words: Uint32Array | null = null;
  private wordsAt = -1;

  /** `memory`: of strokes that ended, for this one to use and to give back. */
  constructor(
    map: LabelMap,
    target: StrokeTarget,
    locks: Locks,
    filter: VoxelFilter | null,
    memory: StrokeMemory,
  ) {
    this.map = map;
    this.slices = map.layers[target.layer];
    this.memory = memory;
    this.target = target;
    this.locks = locks;
    this.filter = filter;
    this.written = writtenBy(target);
    this.replaceable = replaceableBy(target, this.written, locks);
  }

  /**
   * Writes one span; false where no voxel of it changed. What the stroke came to before it has taken already, or may
   * not: of a brush that moves on only the rim is looked at.
   */
  write(k: number, start: number, count: number, stride: number): boolean {
    const before = stride === 1 ? this.before.get(k) : undefined;
    const low = before?.doneFrom(start, count) ?? -1;
    if (before === undefined || low < 0) return this.writeAll(k, start, count, stride);
    const high = before.doneTo(start);
    const left = start < low && this.writeAll(k, start, Math.min(count, low - start), 1);
    const right = start + count > high && this.writeAll(k, high, start + count - high, 1);
    return left || right;
  }

  /** Writes rows, and notes in the box those in which something changed. */
  writer(written: GrowingBox): OnSpan {
    const columns = this.map.shape[0];
    return (k, start, count, stride) => {
      if (!this.write(k, start, count, stride)) return;
      const last = start + (count - 1) * stride;
      const [firstRow, lastRow] = [Math.floor(start / columns), Math.floor(last / columns)];
      const wraps = firstRow !== lastRow && stride !== columns;
      written.add(wraps ? 0 : start - columns * firstRow, firstRow, k);
      written.add(wraps ? columns - 1 : last - columns * lastRow, lastRow, k);
    };
  }

  private writeAll(k: number, start: number, count: number, stride: number): boolean {
    const { filter } = this;
    const isFree = filter === null || filter.letsAll(k, start, count, stride);
    const allowed = isFree ? null : filter.mark(k, start, count, stride);
    const words =
      allowed === null && stride === 1 && typeof this.written === 'number' ? this.wordsOf(k) : null;
    if (words !== null) return this.paintRow(this.written as number, words, k, start, count);
    return typeof this.written === 'number'
      ? this.paint(this.written, allowed, k, start, count, stride)
      : this.restore(this.written.layers[this.target.layer][k], allowed, k, start, count, stride);
  }

  /** All that was written so far, as a step; the stroke stays open. */
  step(): EditStep | null {
    const builder = new StepBuilder(this.map.shape);
    const { layer, value, tool } = this.target;
    const changes = new SliceChanges(layer, 0);
    for (const [k, before] of [...this.before].sort((a, b) => a[0] - b[0])) {
      builder.take(before.compare(this.map.layers[layer][k], changes.restart(k)));
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
    const builder = new RunBuilder();
    return after.map((runs) => {
      const voxels = this.map.layers[runs.layer][runs.k];
      return this.before.get(runs.k)?.widened(runs, voxels, written, builder) ?? runs;
    });
  }

  /** The stroke is over. */
  release(): void {
    this.memory.takeBack(this.before.values());
    this.before.clear();
  }

  /** A row without a mask: the same as `paint`, four voxels at once. */
  private paintRow(written: number, words: Uint32Array, k: number, start: number, count: number): boolean {
    const voxels = this.slices[k];
    const { replaceable } = this;
    const end = start + count;
    const first = firstToPaint(voxels, words, replaceable, start, end);
    const kept = first < end ? this.keep(k, first, end - first, 1) : null;
    if (kept !== null) paintWords(voxels, words, written, replaceable, first, end);
    (kept ?? this.before.get(k))?.cover(start, count, 1);
    return kept !== null;
  }

  /** The voxels of a slice as words of four; rows of a slice come one after the other. */
  private wordsOf(k: number): Uint32Array | null {
    if (k !== this.wordsAt) {
      this.words = wordsOf(this.slices[k]);
      this.wordsAt = k;
    }
    return this.words;
  }

  private paint(
    written: number,
    allowed: Uint8Array | null,
    k: number,
    start: number,
    count: number,
    stride: number,
  ): boolean {
    const voxels = this.slices[k];
    const { replaceable } = this;
    let kept: SliceBefore | null = null;
    for (let n = 0, p = start; n < count; n++, p += stride) {
      if (replaceable[voxels[p]] === 0 || (allowed !== null && allowed[n] === 0)) continue;
      kept ??= this.keep(k, p, count - n, stride);
      voxels[p] = written;
    }
    (kept ?? this.before.get(k))?.cover(start, count, stride);
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
    const voxels = this.slices[k];
    let kept: SliceBefore | null = null;
    for (let n = 0, p = start; n < count; n++, p += stride) {
      if (voxels[p] === source[p] || (allowed !== null && allowed[n] === 0)) continue;
      if (!this.mayRestore(voxels[p], source[p])) continue;
      kept ??= this.keep(k, p, count - n, stride);
      voxels[p] = source[p];
    }
    (kept ?? this.before.get(k))?.cover(start, count, stride);
    return kept !== null;
  }

  private mayRestore(old: number, now: number): boolean {
    if (this.target.all !== true && old !== this.target.value && now !== this.target.value) return false;
    return mayChange(this.locks, old, now);
  }

  /** Keeps what the rest of a span holds, before its first voxel is written. */
  private keep(k: number, start: number, count: number, stride: number): SliceBefore {
    let before = this.before.get(k);
    const voxels = this.slices[k];
    if (before === undefined) {
      before = this.memory.slice(voxels.length, this.map.shape[0]);
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

/** Slices and memory of strokes that ended, for the next one: allocating them anew would hold up its first event. */
export class StrokeMemory {
  readonly store = new BlockStore();
  private readonly slices: SliceBefore[] = [];

  slice(length: number, columns: number): SliceBefore {
    return this.slices.pop() ?? new SliceBefore(length, columns, this.store);
  }

  /** Makes what a large stroke needs, a little with each step. */
  *prepare(length: number, columns: number, slices: number): Generator<void, void> {
    while (this.store.prepare(READY_PAGES)) yield;
    const most = Math.min(slices, MOST_SPARE_SLICES);
    while (this.slices.length < most) {
      this.slices.push(new SliceBefore(length, columns, this.store));
      if (this.slices.length % 16 === 0) yield;
    }
  }

  /** The stroke that used these slices is over. */
  takeBack(slices: Iterable<SliceBefore>): void {
    for (const slice of slices) {
      if (this.slices.length >= MOST_SPARE_SLICES) break;
      slice.clear();
      this.slices.push(slice);
    }
    this.store.clear(MOST_SPARE_PAGES);
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

  /** The box, which is empty again. */
  take(): Box | null {
    if (this.high[2] < 0) return null;
    const box = boxBetween([...this.low], [...this.high]);
    this.low.fill(Infinity);
    this.high.fill(-1);
    return box;
  }
}
