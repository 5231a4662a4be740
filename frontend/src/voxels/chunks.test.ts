import { describe, expect, it } from 'vitest';
import { CHUNK_RECORD_BYTES, decodeMaskChunks } from './chunks';
import { ijk } from './geometry';

/** One record of the download; `voxels` maps the offset within the chunk to a value. */
function record(layer: number, index: number, voxels: Readonly<Record<number, number>>): Uint8Array {
  const bytes = new Uint8Array(CHUNK_RECORD_BYTES);
  const header = new DataView(bytes.buffer);
  header.setUint32(0, layer, true);
  header.setUint32(4, index, true);
  for (const [offset, value] of Object.entries(voxels)) bytes[8 + Number(offset)] = value;
  return bytes;
}

function body(...records: Uint8Array[]): ArrayBuffer {
  const bytes = new Uint8Array(records.length * CHUNK_RECORD_BYTES);
  for (const [n, one] of records.entries()) bytes.set(one, n * CHUNK_RECORD_BYTES);
  return bytes.buffer;
}

describe('decodeMaskChunks', () => {
  it('places a chunk by its index, i fastest', () => {
    // Shape 40 x 70 x 33 has 2 x 3 x 2 chunks; index 1 + 2 * (2 + 3 * 1) = 11 is the last one.
    const last = record(0, 11, { [5 + 32 * 3]: 9 });
    const first = record(1, 0, { [1 + 32 * (2 + 32 * 3)]: 4 });
    const map = decodeMaskChunks(body(last, first), [40, 70, 33], 2);
    expect(map.valueAt(0, ijk(37, 67, 32))).toBe(9);
    expect(map.valueAt(1, ijk(1, 2, 3))).toBe(4);
    expect(map.histogram(0)[0]).toBe(40 * 70 * 33 - 1);
    expect(map.histogram(1)[0]).toBe(40 * 70 * 33 - 1);
  });

  it('drops the padding of chunks at the edge', () => {
    const map = decodeMaskChunks(body(record(0, 0, { 10: 7, [32 * 9]: 7, [32 * 32 * 9]: 7 })), [10, 9, 9], 1);
    expect(map.histogram(0)[7]).toBe(0);
  });

  it('is all background for an empty body', () => {
    expect(decodeMaskChunks(new ArrayBuffer(0), [3, 3, 3], 1).histogram(0)[0]).toBe(27);
  });

  it('refuses half a record, an unknown layer and a chunk outside of the scan', () => {
    expect(() => decodeMaskChunks(new ArrayBuffer(100), [3, 3, 3], 1)).toThrow('did not arrive whole');
    expect(() => decodeMaskChunks(body(record(1, 0, {})), [3, 3, 3], 1)).toThrow('does not fit this scan');
    expect(() => decodeMaskChunks(body(record(0, 1, {})), [3, 3, 3], 1)).toThrow('does not fit this scan');
  });
});
