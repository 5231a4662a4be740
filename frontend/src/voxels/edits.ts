/**
 * Edits: what changed in a mask, as runs, and their bytes.
 *
 * The plain bytes, in which they are kept, are slice blocks until the end: varint layer, varint k, varint number of runs, then for each run
 * varint gap, varint length, u8 new value. A varint is unsigned LEB128. The gap counts from the end of the run
 * before it in the same slice (from 0 for the first), in positions i + ni * j. They are sent as outlines (rowEdits.ts).
 */
import { ByteReader, ByteWriter } from './bytes';
import type { LabelMap } from './labelMap';
import { decodeRowEdits, isRowEdits } from './rowEdits';

/** What changed in one slice of one layer: sorted runs of length 1 or more that do not overlap. */
export interface SliceRuns {
  readonly layer: number;
  readonly k: number;
  /** Position of the first voxel of each run: i + ni * j. */
  readonly starts: Uint32Array;
  readonly lengths: Uint32Array;
  /** Value each run now has. */
  readonly values: Uint8Array;
}

/** The bytes of edits, before gzip. Blocks keep their order. */
export function encodeEdits(slices: readonly SliceRuns[]): Uint8Array<ArrayBuffer> {
  const writer = new ByteWriter(slices.reduce((sum, s) => sum + 15 + s.starts.length * 11, 0));
  for (const slice of slices) {
    writer.varint(slice.layer);
    writer.varint(slice.k);
    writer.varint(slice.starts.length);
    let end = 0;
    for (let r = 0; r < slice.starts.length; r++) {
      writer.varint(slice.starts[r] - end);
      writer.varint(slice.lengths[r]);
      writer.byte(slice.values[r]);
      end = slice.starts[r] + slice.lengths[r];
    }
  }
  return writer.written();
}

/** Inverse of encodeEdits and encodeRowEdits. Throws a RangeError where the bytes are cut short or a run is empty. */
export function decodeEdits(bytes: Uint8Array): SliceRuns[] {
  if (isRowEdits(bytes)) return decodeRowEdits(bytes);
  const reader = new ByteReader(bytes);
  const slices: SliceRuns[] = [];
  while (!reader.atEnd()) {
    const layer = reader.varint();
    const k = reader.varint();
    const count = reader.varint();
    if (count * 3 > bytes.length) {
      throw new RangeError('These edits are damaged: a slice announces more runs than there are bytes.');
    }
    slices.push(readRuns(reader, layer, k, count));
  }
  return slices;
}

function readRuns(reader: ByteReader, layer: number, k: number, count: number): SliceRuns {
  const runs = {
    layer,
    k,
    starts: new Uint32Array(count),
    lengths: new Uint32Array(count),
    values: new Uint8Array(count),
  };
  let end = 0;
  for (let r = 0; r < count; r++) {
    runs.starts[r] = end + reader.varint();
    runs.lengths[r] = reader.varint();
    runs.values[r] = reader.byte();
    if (runs.lengths[r] === 0) throw new RangeError('These edits are damaged: a run is empty.');
    end = runs.starts[r] + runs.lengths[r];
  }
  return runs;
}

/** Writes edits into a mask. Throws a RangeError, before it writes anything, where they do not fit it. */
export function applyEdits(map: LabelMap, slices: readonly SliceRuns[]): void {
  const sliceLength = map.shape[0] * map.shape[1];
  for (const { layer, k, starts, lengths } of slices) {
    const last = starts.length - 1;
    const end = last < 0 ? 0 : starts[last] + lengths[last];
    if (map.layers[layer]?.[k] === undefined || end > sliceLength) {
      throw new RangeError('These edits do not fit this mask: they were drawn on another scan.');
    }
  }
  writeEdits(map, slices);
}

/** A call to `fill` costs as much as a few voxels. */
const SHORT_RUN = 24;

/** The same where the edits are known to fit. */
export function writeEdits(map: LabelMap, slices: readonly SliceRuns[]): void {
  for (const { layer, k, starts, lengths, values } of slices) {
    const voxels = map.layers[layer][k];
    for (let r = 0; r < starts.length; r++) {
      const value = values[r];
      const end = starts[r] + lengths[r];
      if (lengths[r] > SHORT_RUN) voxels.fill(value, starts[r], end);
      else for (let p = starts[r]; p < end; p++) voxels[p] = value;
    }
  }
}

/** One delta with the effect of several, one after another: one block per slice, where a later run wins. */
export function mergeEdits(deltas: readonly (readonly SliceRuns[])[]): SliceRuns[] {
  const steps = mergeSteps(deltas);
  let next = steps.next();
  while (next.done !== true) next = steps.next();
  return next.value;
}

/** The same, with a pause after each slice that takes work. */
export function* mergeSteps(deltas: readonly (readonly SliceRuns[])[]): Generator<void, SliceRuns[]> {
  const blocks = new Map<string, SliceRuns[]>();
  for (const block of deltas.flat()) {
    const key = `${block.layer}/${block.k}`;
    const same = blocks.get(key);
    if (same === undefined) blocks.set(key, [block]);
    else same.push(block);
  }
  const merged: SliceRuns[] = [];
  for (const same of blocks.values()) {
    merged.push(same.length === 1 ? same[0] : overlay(same));
    if (same.length > 1) yield;
  }
  return merged.sort((a, b) => a.layer - b.layer || a.k - b.k);
}

/** Gaps of 2^14 and more take a third or fourth byte; no slice has room for many. */
const LONG_GAP_BYTES = 2048;

/** An upper bound of what `encodeEdits` writes for a slice. */
function mostBytesOf({ lengths }: SliceRuns): number {
  let bytes = 15 + LONG_GAP_BYTES + 4 * lengths.length;
  for (let r = 0; r < lengths.length; r++) if (lengths[r] > 0x7f) bytes += 3;
  return bytes;
}

/** Cuts a delta between its slices into parts whose bytes are bounded; a part has at least one slice. */
export function partsOf(delta: readonly SliceRuns[], mostBytes: number): SliceRuns[][] {
  const parts: SliceRuns[][] = [];
  let room = 0;
  for (const block of delta) {
    const bytes = mostBytesOf(block);
    if (parts.length === 0 || bytes > room) {
      parts.push([]);
      room = mostBytes;
    }
    parts[parts.length - 1].push(block);
    room -= bytes;
  }
  return parts;
}

const UNTOUCHED = -1;

function overlay(blocks: readonly SliceRuns[]): SliceRuns {
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const { starts, lengths } of blocks) {
    if (starts.length === 0) continue;
    const last = starts.length - 1;
    low = Math.min(low, starts[0]);
    high = Math.max(high, starts[last] + lengths[last]);
  }
  const painted = new Int16Array(Math.max(0, high - low)).fill(UNTOUCHED);
  for (const { starts, lengths, values } of blocks) {
    for (let r = 0; r < starts.length; r++) {
      painted.fill(values[r], starts[r] - low, starts[r] - low + lengths[r]);
    }
  }
  const { layer, k } = blocks[0];
  return runsOf(painted, low, layer, k);
}

function runsOf(painted: Int16Array, offset: number, layer: number, k: number): SliceRuns {
  const builder = new RunBuilder();
  for (let p = 0; p < painted.length; p++) {
    if (painted[p] !== UNTOUCHED) builder.add(offset + p, painted[p]);
  }
  return builder.build(layer, k);
}

/** Collects voxels in rising order of position into runs of equal value. */
export class RunBuilder {
  private starts = new Uint32Array(64);
  private lengths = new Uint32Array(64);
  private values = new Uint8Array(64);
  private count = 0;
  private end = -1;

  get isEmpty(): boolean {
    return this.count === 0;
  }

  add(position: number, value: number, length = 1): void {
    const last = this.count - 1;
    if (position === this.end && this.values[last] === value) {
      this.lengths[last] += length;
    } else {
      if (this.count === this.starts.length) this.grow();
      this.starts[this.count] = position;
      this.lengths[this.count] = length;
      this.values[this.count] = value;
      this.count += 1;
    }
    this.end = position + length;
  }

  /** Begins anew, with the memory it has. */
  clear(): void {
    this.count = 0;
    this.end = -1;
  }

  build(layer: number, k: number): SliceRuns {
    return {
      layer,
      k,
      starts: this.starts.slice(0, this.count),
      lengths: this.lengths.slice(0, this.count),
      values: this.values.slice(0, this.count),
    };
  }

  private grow(): void {
    const size = this.starts.length * 2;
    const { starts, lengths, values } = this;
    this.starts = new Uint32Array(size);
    this.starts.set(starts);
    this.lengths = new Uint32Array(size);
    this.lengths.set(lengths);
    this.values = new Uint8Array(size);
    this.values.set(values);
  }
}
