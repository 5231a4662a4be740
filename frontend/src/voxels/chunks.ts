import type { Triple } from './geometry';
import { LabelMap } from './labelMap';

const SIDE = 32;
const CHUNK_VOXELS = SIDE ** 3;
const HEADER_BYTES = 8;
export const CHUNK_RECORD_BYTES = HEADER_BYTES + CHUNK_VOXELS;

/**
 * The mask in a download: records of u32 layer, u32 chunk index (both little endian) and 32768 voxels.
 *
 * A chunk is 32x32x32, i fastest; its index is ci + nci * (cj + ncj * ck). Chunks that are not in the body are
 * background. Throws a RangeError where the body does not fit the shape or the number of layers.
 */
export function decodeMaskChunks(body: ArrayBuffer, shape: Triple, layerCount: number): LabelMap {
  if (body.byteLength % CHUNK_RECORD_BYTES !== 0) {
    throw new RangeError('The mask did not arrive whole; reload the page.');
  }
  const map = LabelMap.empty(shape, layerCount);
  const header = new DataView(body);
  for (let at = 0; at < body.byteLength; at += CHUNK_RECORD_BYTES) {
    const layer = header.getUint32(at, true);
    const chunk = new Uint8Array(body, at + HEADER_BYTES, CHUNK_VOXELS);
    writeChunk(map, layer, header.getUint32(at + 4, true), chunk);
  }
  return map;
}

function writeChunk(map: LabelMap, layer: number, index: number, chunk: Uint8Array): void {
  const [ni, nj, nk] = map.shape;
  const across = Math.ceil(ni / SIDE);
  const along = Math.ceil(nj / SIDE);
  const i0 = (index % across) * SIDE;
  const j0 = (Math.floor(index / across) % along) * SIDE;
  const k0 = Math.floor(index / (across * along)) * SIDE;
  const slices = map.layers[layer];
  if (slices === undefined || k0 >= nk) {
    throw new RangeError('The mask does not fit this scan; reload the page.');
  }
  const width = Math.min(SIDE, ni - i0);
  const jEnd = Math.min(nj, j0 + SIDE);
  for (let k = k0; k < Math.min(nk, k0 + SIDE); k++) {
    for (let j = j0; j < jEnd; j++) {
      const from = SIDE * (j - j0 + SIDE * (k - k0));
      slices[k].set(chunk.subarray(from, from + width), i0 + ni * j);
    }
  }
}
