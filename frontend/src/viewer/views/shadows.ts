/**
 * In which columns and rows of each axial slice every structure is: what the rails of all three planes are made of.
 * After an edit only the slices that it touched are read again.
 */
import {
  type Box,
  boxBetween,
  boxOf,
  isStructure,
  type LabelMap,
  lastOf,
  type StructureRef,
  type Triple,
} from '../../voxels';

/** Bits of the columns (i) and of the rows (j) in which a value occurs in one slice. */
interface Shadow {
  readonly columns: Uint32Array;
  readonly rows: Uint32Array;
}

type SliceShadows = ReadonlyMap<number, Shadow>;

export class Shadows {
  private readonly map: LabelMap;
  private readonly within: Box;
  /** shadows[layer][k], undefined where the slice has to be read. */
  private readonly shadows: (SliceShadows | undefined)[][];
  private readonly waiting: { readonly layer: number; readonly k: number }[] = [];
  /** isWaiting[layer][k]: 1 for those. */
  private readonly isWaiting: readonly Uint8Array[];

  /** Of the whole scan, or of what lies in a box alone. */
  constructor(map: LabelMap, within: Box = boxOf(map.shape)) {
    this.map = map;
    this.within = within;
    this.shadows = map.layers.map((slices) => new Array(slices.length));
    this.isWaiting = map.layers.map((slices) => new Uint8Array(slices.length).fill(1));
    for (let layer = 0; layer < map.layers.length; layer++) {
      for (let k = lastOf(within)[2]; k >= within.low[2]; k--) this.waiting.push({ layer, k });
    }
  }

  get isComplete(): boolean {
    return this.waiting.length === 0;
  }

  /** The slice will be read again; until then its old shadow holds. */
  changed(layer: number, k: number): void {
    const isWaiting = this.isWaiting[layer];
    if (k < this.within.low[2] || k > lastOf(this.within)[2]) return;
    if (isWaiting === undefined || isWaiting[k] !== 0) return;
    isWaiting[k] = 1;
    this.waiting.push({ layer, k });
  }

  /** Reads slices until the time is used up. */
  read(until: number): void {
    while (this.waiting.length > 0 && performance.now() < until) {
      const { layer, k } = this.waiting.pop() as { layer: number; k: number };
      this.isWaiting[layer]?.fill(0, k, k + 1);
      const slice = this.map.layers[layer]?.[k];
      const shadows = this.shadows[layer];
      if (slice !== undefined && shadows !== undefined)
        shadows[k] = shadowsOf(slice, this.map.shape, this.within);
    }
  }

  has({ layer, value }: StructureRef, k: number): boolean {
    return this.shadows[layer]?.[k]?.has(value) === true;
  }

  /** Around all voxels of a structure; null where it has none. */
  box({ layer, value }: StructureRef): Box | null {
    const slices: number[] = [];
    const [columns, rows] = [new Uint8Array(this.map.shape[0]), new Uint8Array(this.map.shape[1])];
    this.shadows[layer]?.forEach((shadows, k) => {
      const shadow = shadows?.get(value);
      if (shadow === undefined) return;
      slices.push(k);
      setMarks(shadow.columns, columns);
      setMarks(shadow.rows, rows);
    });
    if (slices.length === 0) return null;
    const first: Triple = [columns.indexOf(1), rows.indexOf(1), slices[0] as number];
    return boxBetween(first, [columns.lastIndexOf(1), rows.lastIndexOf(1), slices.at(-1) as number]);
  }

  /** Sets 1 in every slice of an axis where one of the structures is. */
  mark(axis: 0 | 1 | 2, wanted: (layer: number, value: number) => boolean, marks: Uint8Array): void {
    const bits = new Uint32Array((marks.length + 31) >> 5);
    for (const [layer, slices] of this.shadows.entries()) {
      const isWanted = Uint8Array.from({ length: 256 }, (_, value) => (wanted(layer, value) ? 1 : 0));
      slices.forEach((shadows, k) => {
        shadows?.forEach((shadow, value) => {
          if (isWanted[value] === 0) return;
          if (axis === 2) setBit(bits, k);
          else join(bits, axis === 0 ? shadow.columns : shadow.rows);
        });
      });
    }
    setMarks(bits, marks);
  }
}

function join(bits: Uint32Array, more: Uint32Array): void {
  for (let n = 0; n < bits.length; n++) bits[n] = ((bits[n] as number) | (more[n] as number)) >>> 0;
}

function setMarks(bits: Uint32Array, marks: Uint8Array): void {
  for (let n = 0; n < marks.length; n++) {
    if (((bits[n >> 5] as number) >>> (n & 31)) & 1) marks[n] = 1;
  }
}

function shadowsOf(slice: Uint8Array, [ni, nj]: Triple, within: Box): SliceShadows {
  const found = new Map<number, Shadow>();
  const words = wordsOf(slice);
  const [lastI, lastJ] = lastOf(within);
  for (let j = within.low[1]; j <= lastJ; j++) {
    const end = j * ni + lastI + 1;
    for (let p = j * ni + within.low[0]; p < end; ) {
      const value = slice[p] as number;
      const next = runEnd(slice, words, p, end);
      if (isStructure(value)) add(found, value, p - j * ni, next - j * ni, j, ni, nj);
      p = next;
    }
  }
  return found;
}

/** Four labels as one number, where the slice lies so in memory. */
function wordsOf({ buffer, byteOffset, length }: Uint8Array): Uint32Array | null {
  return byteOffset % 4 === 0 ? new Uint32Array(buffer, byteOffset, length >> 2) : null;
}

/** Where the run of equal labels that starts at p ends. */
function runEnd(slice: Uint8Array, words: Uint32Array | null, p: number, end: number): number {
  const value = slice[p] as number;
  let next = p + 1;
  while (next < end && (next & 3) !== 0 && slice[next] === value) next++;
  if (words !== null && (next & 3) === 0) {
    const four = Math.imul(value, 0x01010101) >>> 0;
    let word = next >> 2;
    const lastWord = end >> 2;
    while (word < lastWord && words[word] === four) word++;
    next = Math.min(end, word << 2);
  }
  while (next < end && slice[next] === value) next++;
  return next;
}

function add(
  found: Map<number, Shadow>,
  value: number,
  first: number,
  end: number,
  j: number,
  ni: number,
  nj: number,
): void {
  let shadow = found.get(value);
  if (shadow === undefined) {
    shadow = { columns: new Uint32Array((ni + 31) >> 5), rows: new Uint32Array((nj + 31) >> 5) };
    found.set(value, shadow);
  }
  setBit(shadow.rows, j);
  for (let i = first; i < end; i++) setBit(shadow.columns, i);
}

function setBit(bits: Uint32Array, n: number): void {
  bits[n >> 5] = ((bits[n >> 5] as number) | (1 << (n & 31))) >>> 0;
}
