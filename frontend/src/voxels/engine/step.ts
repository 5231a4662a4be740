/** One step of editing: what it changed, slice by slice, both ways. */
import { type Box, boxBetween, union } from '../box';
import type { StructureRef } from '../editMask';
import { RunBuilder, type SliceRuns } from '../edits';
import type { Triple } from '../geometry';
import { isStructure } from '../labelMap';
import type { EditTool } from './tools';

/** Voxels that one structure gained and lost. */
export interface StructureChange {
  readonly layer: number;
  readonly structure: number;
  readonly added: number;
  readonly removed: number;
}

/** How many voxels more, or fewer, of a value one slice of a layer holds. */
export interface CountChange {
  readonly layer: number;
  readonly k: number;
  readonly value: number;
  readonly by: number;
}

/** The same voxels before and after, so that either can be written over the other. */
export interface EditStep {
  readonly tool: EditTool;
  readonly target: StructureRef;
  readonly before: readonly SliceRuns[];
  readonly after: readonly SliceRuns[];
  readonly changes: readonly StructureChange[];
  readonly counts: readonly CountChange[];
  readonly box: Box;
  /** Memory that the runs take. */
  readonly bytes: number;
}

/** Says whether voxels that hold `old` may become `now`; `allowed` is 1 where the voxel itself may be changed. */
export interface ChangeRule {
  mayChange(old: number, now: number): boolean;
  /** For `count` voxels from a position of the slice; null where every voxel may be changed. */
  allowed(k: number, position: number, count: number): Uint8Array | null;
}

/** Voxels one by one, and in words of four where they begin at one. */
export interface QuickVoxels {
  readonly bytes: Uint8Array;
  readonly words: Uint32Array;
}

/** Null where the voxels do not begin at a word of the memory. */
export function quickVoxels(bytes: Uint8Array): QuickVoxels | null {
  if (bytes.byteOffset % 4 !== 0) return null;
  return { bytes, words: new Uint32Array(bytes.buffer, bytes.byteOffset, bytes.length >> 2) };
}

/** Collects what changes in one slice of one layer. Rows come in rising order of position. */
export class SliceChanges {
  layer: number;
  k: number;
  readonly gained = new Float64Array(256);
  readonly lost = new Float64Array(256);
  private readonly before = new RunBuilder();
  private readonly after = new RunBuilder();

  constructor(layer: number, k: number) {
    this.layer = layer;
    this.k = k;
  }

  /** The next slice, with the memory of this one: what it had must have been taken. */
  restart(k: number): this {
    this.k = k;
    this.gained.fill(0);
    this.lost.fill(0);
    this.before.clear();
    this.after.clear();
    return this;
  }

  /** Notes the voxels from `position` on that differ: `old[oldAt + n]` becomes `now[nowAt + n]`. */
  compare(
    position: number,
    count: number,
    old: Uint8Array,
    oldAt: number,
    now: Uint8Array,
    nowAt: number,
    rule: ChangeRule | null = null,
  ): void {
    let n = 0;
    while (n < count) {
      const from = old[oldAt + n];
      const to = now[nowAt + n];
      const first = n;
      n += 1;
      if (from === to) continue;
      while (n < count && old[oldAt + n] === from && now[nowAt + n] === to) n += 1;
      if (rule === null) this.add(position + first, n - first, from, to);
      else if (rule.mayChange(from, to)) this.addAllowed(position + first, n - first, from, to, rule);
    }
  }

  /** The same without a rule, four voxels at once where it can be; both places are multiples of four. */
  compareQuick(position: number, count: number, old: QuickVoxels, oldAt: number, now: QuickVoxels): void {
    let n = 0;
    while (n < count) {
      if ((n & 3) === 0) n = equalTo(old.words, (oldAt + n) >> 2, now.words, (position + n) >> 2, n, count);
      if (n >= count) return;
      const from = old.bytes[oldAt + n];
      const to = now.bytes[position + n];
      const first = n;
      n += 1;
      if (from === to) continue;
      n = this.runTo(n, position, count, old, oldAt, now);
      this.add(position + first, n - first, from, to);
    }
  }

  /** How far the voxels are what the one before `n` is, both in what was and in what is. */
  private runTo(
    n: number,
    position: number,
    count: number,
    old: QuickVoxels,
    oldAt: number,
    now: QuickVoxels,
  ): number {
    const from = old.bytes[oldAt + n - 1];
    const to = now.bytes[position + n - 1];
    const isSame = (at: number) => old.bytes[oldAt + at] === from && now.bytes[position + at] === to;
    let end = n;
    while (end < count && (end & 3) !== 0) {
      if (!isSame(end)) return end;
      end += 1;
    }
    const [fromWord, toWord] = [(from * FOUR_TIMES) >>> 0, (to * FOUR_TIMES) >>> 0];
    let a = (oldAt + end) >> 2;
    let b = (position + end) >> 2;
    while (end + 4 <= count && old.words[a] === fromWord && now.words[b] === toWord) {
      end += 4;
      a += 1;
      b += 1;
    }
    while (end < count && isSame(end)) end += 1;
    return end;
  }

  /** Notes the voxels of a run that do not hold `value` yet. */
  become(start: number, count: number, old: Uint8Array, value: number): void {
    const end = start + count;
    let p = start;
    while (p < end) {
      const from = old[p];
      const first = p;
      p += 1;
      while (p < end && old[p] === from) p += 1;
      if (from !== value) this.add(first, p - first, from, value);
    }
  }

  get isEmpty(): boolean {
    return this.after.isEmpty;
  }

  runs(): { before: SliceRuns; after: SliceRuns } {
    return { before: this.before.build(this.layer, this.k), after: this.after.build(this.layer, this.k) };
  }

  private add(position: number, count: number, from: number, to: number): void {
    this.before.add(position, from, count);
    this.after.add(position, to, count);
    this.lost[from] += count;
    this.gained[to] += count;
  }

  private addAllowed(position: number, count: number, from: number, to: number, rule: ChangeRule): void {
    const allowed = rule.allowed(this.k, position, count);
    if (allowed === null) {
      this.add(position, count, from, to);
      return;
    }
    let n = 0;
    while (n < count) {
      const first = n;
      n += 1;
      if (allowed[first] === 0) continue;
      while (n < count && allowed[n] === 1) n += 1;
      this.add(position + first, n - first, from, to);
    }
  }
}

/** A word of four voxels of a value is the value so many times. */
const FOUR_TIMES = 0x01010101;

/** From `n` on, at words `a` and `b`: how far both are the same, in steps of four. */
function equalTo(old: Uint32Array, a: number, now: Uint32Array, b: number, n: number, count: number): number {
  let [at, of, end] = [a, b, n];
  while (end + 4 <= count && old[at] === now[of]) {
    end += 4;
    at += 1;
    of += 1;
  }
  return end;
}

/** Puts slices together to one step. */
export class StepBuilder {
  private readonly ni: number;
  private readonly slices: { readonly before: SliceRuns; readonly after: SliceRuns }[] = [];
  private readonly counts: CountChange[] = [];
  private readonly gained = new Map<number, Float64Array>();
  private readonly lost = new Map<number, Float64Array>();
  private box: Box | null = null;
  private bytes = 0;

  constructor(shape: Triple) {
    this.ni = shape[0];
  }

  take(slice: SliceChanges): void {
    if (slice.isEmpty) return;
    const runs = slice.runs();
    this.slices.push(runs);
    this.bytes += bytesOf(runs.before) + bytesOf(runs.after);
    const box = boxOfRuns(runs.after, this.ni);
    this.box = this.box === null ? box : union(this.box, box);
    this.note(slice);
  }

  /** Null where nothing changed. */
  build(tool: EditTool, target: StructureRef): EditStep | null {
    const { slices, counts, box, bytes } = this;
    if (box === null) return null;
    slices.sort((a, b) => a.after.layer - b.after.layer || a.after.k - b.after.k);
    const before = slices.map((slice) => slice.before);
    const after = slices.map((slice) => slice.after);
    return { tool, target, before, after, changes: this.changes(), counts, box, bytes };
  }

  private note({ layer, k, gained, lost }: SliceChanges): void {
    const sumGained = sumOf(this.gained, layer);
    const sumLost = sumOf(this.lost, layer);
    for (let value = 0; value < 256; value++) {
      const by = gained[value] - lost[value];
      if (by !== 0) this.counts.push({ layer, k, value, by });
      sumGained[value] += gained[value];
      sumLost[value] += lost[value];
    }
  }

  private changes(): StructureChange[] {
    const changes: StructureChange[] = [];
    for (const [layer, gained] of this.gained) {
      const lost = sumOf(this.lost, layer);
      for (let structure = 0; structure < 256; structure++) {
        const [added, removed] = [gained[structure], lost[structure]];
        if (isStructure(structure) && added + removed > 0) changes.push({ layer, structure, added, removed });
      }
    }
    return changes;
  }
}

function sumOf(sums: Map<number, Float64Array>, layer: number): Float64Array {
  const sum = sums.get(layer) ?? new Float64Array(256);
  sums.set(layer, sum);
  return sum;
}

function bytesOf({ starts, lengths, values }: SliceRuns): number {
  return starts.byteLength + lengths.byteLength + values.byteLength;
}

/** The box around the runs of a slice; a run that goes on in the next row is as wide as the scan. */
function boxOfRuns({ k, starts, lengths }: SliceRuns, ni: number): Box {
  let [left, right] = [ni - 1, 0];
  const top = Math.floor(starts[0] / ni);
  let row = top;
  for (let r = 0; r < starts.length; r++) {
    while (starts[r] >= (row + 1) * ni) row += 1;
    const first = starts[r] - row * ni;
    const last = first + lengths[r] - 1;
    left = last < ni ? Math.min(left, first) : 0;
    right = last < ni ? Math.max(right, last) : ni - 1;
  }
  const end = starts.length - 1;
  const bottom = Math.floor((starts[end] + lengths[end] - 1) / ni);
  return boxBetween([left, top, k], [right, bottom, k]);
}

/** The step the other way round. */
export function turned({ before, after, changes, counts, ...rest }: EditStep): EditStep {
  return {
    ...rest,
    before: after,
    after: before,
    changes: changes.map(({ added, removed, ...which }) => ({ ...which, added: removed, removed: added })),
    counts: counts.map(({ by, ...which }) => ({ ...which, by: -by })),
  };
}

/** The structure of which most voxels changed. */
export function mostChanged({ changes, target }: EditStep): StructureRef {
  const [most] = [...changes].sort((a, b) => b.added + b.removed - a.added - a.removed);
  return most === undefined ? target : { layer: most.layer, value: most.structure };
}
