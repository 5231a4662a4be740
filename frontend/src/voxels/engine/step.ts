/** One step of editing: what it changed, slice by slice, both ways. */
import { type Box, boxBetween } from '../box';
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

/** The same voxels before and after, so that either can be written over the other. */
export interface EditStep {
  readonly tool: EditTool;
  readonly target: StructureRef;
  readonly before: readonly SliceRuns[];
  readonly after: readonly SliceRuns[];
  readonly changes: readonly StructureChange[];
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

/** Collects what changes in one slice of one layer. Rows come in rising order of position. */
export class SliceChanges {
  readonly layer: number;
  readonly k: number;
  readonly gained = new Float64Array(256);
  readonly lost = new Float64Array(256);
  private readonly before = new RunBuilder();
  private readonly after = new RunBuilder();

  constructor(layer: number, k: number) {
    this.layer = layer;
    this.k = k;
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

/** Puts slices together to one step. */
export class StepBuilder {
  private readonly ni: number;
  private readonly slices: { before: SliceRuns; after: SliceRuns }[] = [];
  private readonly gained = new Map<number, Float64Array>();
  private readonly lost = new Map<number, Float64Array>();

  constructor(shape: Triple) {
    this.ni = shape[0];
  }

  take(slice: SliceChanges): void {
    if (slice.isEmpty) return;
    this.slices.push(slice.runs());
    addTo(this.gained, slice.layer, slice.gained);
    addTo(this.lost, slice.layer, slice.lost);
  }

  /** Null where nothing changed. */
  build(tool: EditTool, target: StructureRef): EditStep | null {
    if (this.slices.length === 0) return null;
    this.slices.sort((a, b) => a.after.layer - b.after.layer || a.after.k - b.after.k);
    const before = this.slices.map((slice) => slice.before);
    const after = this.slices.map((slice) => slice.after);
    const bytes = bytesOf(before) + bytesOf(after);
    return { tool, target, before, after, changes: this.changes(), box: boxOfRuns(after, this.ni), bytes };
  }

  private changes(): StructureChange[] {
    const changes: StructureChange[] = [];
    for (const [layer, gained] of this.gained) {
      const lost = this.lost.get(layer) ?? new Float64Array(256);
      for (let structure = 0; structure < 256; structure++) {
        const [added, removed] = [gained[structure], lost[structure]];
        if (isStructure(structure) && added + removed > 0) changes.push({ layer, structure, added, removed });
      }
    }
    return changes;
  }
}

function addTo(sums: Map<number, Float64Array>, layer: number, counts: Float64Array): void {
  const sum = sums.get(layer);
  if (sum === undefined) sums.set(layer, counts.slice());
  else for (let value = 0; value < 256; value++) sum[value] += counts[value];
}

function bytesOf(slices: readonly SliceRuns[]): number {
  return slices.reduce(
    (sum, { starts, lengths, values }) => sum + starts.byteLength + lengths.byteLength + values.byteLength,
    0,
  );
}

/** The box around all runs; a run that goes on in the next row is as wide as the scan. */
export function boxOfRuns(slices: readonly SliceRuns[], ni: number): Box {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-1, -1, -1];
  for (const { k, starts, lengths } of slices) {
    low[2] = Math.min(low[2], k);
    high[2] = Math.max(high[2], k);
    for (let r = 0; r < starts.length; r++) {
      const last = starts[r] + lengths[r] - 1;
      const firstRow = Math.floor(starts[r] / ni);
      const lastRow = Math.floor(last / ni);
      low[0] = Math.min(low[0], firstRow === lastRow ? starts[r] - ni * firstRow : 0);
      high[0] = Math.max(high[0], firstRow === lastRow ? last - ni * lastRow : ni - 1);
      low[1] = Math.min(low[1], firstRow);
      high[1] = Math.max(high[1], lastRow);
    }
  }
  return boxBetween(low, high);
}
