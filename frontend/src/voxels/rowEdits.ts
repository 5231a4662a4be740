/**
 * Edits as outlines: a third of the bytes of plain runs.
 *
 * A run is cut at the ends of its rows. Pieces of one value that lie below each other are a strand: its first piece,
 * then for each further row how its two ends move, both in one byte where they move by less than eight voxels. What
 * one slice looks like the next does too, so that gzip finds most of the bytes again.
 *
 *     ff ff ff ff ff                                        no varint is longer, so no plain edits begin so
 *     varint columns  varint blocks
 *     blocks × ( varint layer  varint k  varint strands
 *                strands × ( varint rows after the strand before  signed start after the start before
 *                            varint length − 1  varint value  varint steps ) )
 *     steps × u8: (left + 7) · 16 + right + 7, or ff
 *     for each ff: signed left  signed right
 */
import { ByteReader, ByteWriter } from './bytes';
import type { SliceRuns } from './edits';

export const ROW_EDITS = Uint8Array.of(0xff, 0xff, 0xff, 0xff, 0xff);

/** The server walks strand by strand; edits with more runs are as well off as plain ones. */
export const MOST_ROW_RUNS = 2 ** 16;

const FAR = 0xff;
const REACH = 7;

export function isRowEdits(bytes: Uint8Array): boolean {
  return bytes.length > ROW_EDITS.length && ROW_EDITS.every((byte, n) => bytes[n] === byte);
}

/** `columns`: voxels of a row of the scan. */
export function encodeRowEdits(slices: readonly SliceRuns[], columns: number): Uint8Array<ArrayBuffer> {
  const head = new ByteWriter(4096);
  for (const byte of ROW_EDITS) head.byte(byte);
  head.varint(columns);
  head.varint(slices.length);
  const steps = new ByteWriter(slices.reduce((sum, { starts }) => sum + starts.length, 0));
  const far = new ByteWriter(256);
  for (const slice of slices) {
    const strands = strandsOf(slice, columns);
    head.varint(slice.layer);
    head.varint(slice.k);
    head.varint(strands.length);
    let [row, start] = [0, 0];
    for (const strand of strands) {
      head.varint(strand.row - row);
      head.signed(strand.ends[0] - start);
      head.varint(strand.ends[1] - strand.ends[0] - 1);
      head.varint(strand.value);
      head.varint(strand.ends.length / 2 - 1);
      [row, start] = [strand.row, strand.ends[0]];
      writeSteps(strand.ends, steps, far);
    }
  }
  head.append(steps);
  head.append(far);
  return head.written();
}

function writeSteps(ends: readonly number[], steps: ByteWriter, far: ByteWriter): void {
  for (let n = 2; n < ends.length; n += 2) {
    const left = ends[n] - ends[n - 2];
    const right = ends[n + 1] - ends[n - 1];
    if (Math.abs(left) <= REACH && Math.abs(right) <= REACH) {
      steps.byte(((left + REACH) << 4) | (right + REACH));
    } else {
      steps.byte(FAR);
      far.signed(left);
      far.signed(right);
    }
  }
}

interface Strand {
  readonly row: number;
  readonly value: number;
  /** First column and end of the piece in each row. */
  readonly ends: number[];
}

/** In the order of their first pieces. */
function strandsOf({ starts, lengths, values }: SliceRuns, columns: number): Strand[] {
  const builder = new StrandBuilder();
  for (let r = 0; r < starts.length; r++) {
    let start = starts[r];
    const end = start + lengths[r];
    while (start < end) {
      const low = start % columns;
      const high = Math.min(columns, low + end - start);
      builder.add((start - low) / columns, low, high, values[r]);
      start += high - low;
    }
  }
  return builder.strands;
}

class StrandBuilder {
  readonly strands: Strand[] = [];
  /** Strands that reach the row above, and those that reach this one; both from left to right. */
  private above: Strand[] = [];
  private here: Strand[] = [];
  private row = -1;
  /** Those of the row above before it lie to the left, or have gone on already. */
  private next = 0;

  /** Pieces come row by row, from left to right. */
  add(row: number, low: number, high: number, value: number): void {
    if (row !== this.row) {
      this.above = row === this.row + 1 ? this.here : [];
      this.here = [];
      this.row = row;
      this.next = 0;
    }
    const strand = this.goingOn(low, high, value) ?? this.begun(value);
    strand.ends.push(low, high);
    this.here.push(strand);
  }

  /** The strand of this value that lies over the piece. */
  private goingOn(low: number, high: number, value: number): Strand | null {
    for (let n = this.next; n < this.above.length; n++) {
      const strand = this.above[n];
      const { ends } = strand;
      if (ends[ends.length - 2] >= high) return null;
      if (strand.value === value && ends[ends.length - 1] > low) {
        this.next = n + 1;
        return strand;
      }
    }
    return null;
  }

  private begun(value: number): Strand {
    const strand = { row: this.row, value, ends: [] };
    this.strands.push(strand);
    return strand;
  }
}

interface StrandHead {
  readonly row: number;
  readonly start: number;
  readonly length: number;
  readonly value: number;
  readonly steps: number;
}

/** Inverse of encodeRowEdits; runs that touch and have one value are one run. Throws a RangeError for damaged bytes. */
export function decodeRowEdits(bytes: Uint8Array): SliceRuns[] {
  const reader = new ByteReader(bytes, ROW_EDITS.length);
  const columns = reader.varint();
  const blocks: { layer: number; k: number; strands: StrandHead[] }[] = [];
  for (let left = reader.varint(); left > 0; left--) {
    blocks.push({ layer: reader.varint(), k: reader.varint(), strands: readHeads(reader) });
  }
  const total = blocks.reduce((sum, { strands }) => sum + strands.reduce((n, { steps }) => n + steps, 0), 0);
  const steps = new ByteReader(reader.take(total));
  const slices = blocks.map(({ layer, k, strands }) => {
    const pieces = strands.flatMap((strand) => piecesOf(strand, columns, steps, reader));
    return joined(layer, k, pieces);
  });
  if (!reader.atEnd()) throw new RangeError('These edits are damaged: they go on behind their end.');
  return slices;
}

function readHeads(reader: ByteReader): StrandHead[] {
  const heads: StrandHead[] = [];
  let [row, start] = [0, 0];
  for (let left = reader.varint(); left > 0; left--) {
    row += reader.varint();
    start += reader.signed();
    heads.push({ row, start, length: reader.varint() + 1, value: reader.varint(), steps: reader.varint() });
  }
  return heads;
}

interface Piece {
  readonly start: number;
  readonly end: number;
  readonly value: number;
}

function piecesOf(
  { row, start, length, value, steps: count }: StrandHead,
  columns: number,
  steps: ByteReader,
  far: ByteReader,
): Piece[] {
  const pieces: Piece[] = [];
  let [low, high] = [start, start + length];
  for (let n = 0; n <= count; n++) {
    if (n > 0) {
      const step = steps.byte();
      low += step === FAR ? far.signed() : (step >> 4) - REACH;
      high += step === FAR ? far.signed() : (step & 15) - REACH;
    }
    if (low < 0 || high <= low || high > columns || value > 255) {
      throw new RangeError('These edits are damaged: a run leaves its row.');
    }
    pieces.push({ start: (row + n) * columns + low, end: (row + n) * columns + high, value });
  }
  return pieces;
}

function joined(layer: number, k: number, pieces: Piece[]): SliceRuns {
  pieces.sort((a, b) => a.start - b.start);
  const runs: { start: number; end: number; value: number }[] = [];
  for (const piece of pieces) {
    const last = runs.at(-1);
    if (last !== undefined && last.end === piece.start && last.value === piece.value) last.end = piece.end;
    else runs.push({ ...piece });
  }
  return {
    layer,
    k,
    starts: Uint32Array.from(runs, ({ start }) => start),
    lengths: Uint32Array.from(runs, ({ start, end }) => end - start),
    values: Uint8Array.from(runs, ({ value }) => value),
  };
}
