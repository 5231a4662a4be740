/** Rows of voxels that are written four at a time: a large sphere has a million of them. */

/** A word of four voxels of a value is the value so many times. */
const FOUR_TIMES = 0x01010101;

/** Null where the voxels do not begin at a word of the memory. */
export function wordsOf(voxels: Uint8Array): Uint32Array | null {
  if (voxels.byteOffset % 4 !== 0) return null;
  return new Uint32Array(voxels.buffer, voxels.byteOffset, voxels.length >> 2);
}

/** The first position from `start` on whose value is replaceable (1); `end` for none. */
export function firstToPaint(
  voxels: Uint8Array,
  words: Uint32Array,
  replaceable: Uint8Array,
  start: number,
  end: number,
): number {
  let p = start;
  while (p < end) {
    if (replaceable[voxels[p]] === 1) return p;
    p += 1;
    if ((p & 3) !== 0 || p < start + 4) continue;
    // Four that are like the four before them hold nothing to replace either.
    const word = words[(p >> 2) - 1];
    while (p + 4 <= end && words[p >> 2] === word) p += 4;
  }
  return end;
}

/** Writes every replaceable voxel from `start` up to `end`. */
export function paintWords(
  voxels: Uint8Array,
  words: Uint32Array,
  written: number,
  replaceable: Uint8Array,
  start: number,
  end: number,
): void {
  const whole = (written * FOUR_TIMES) >>> 0;
  const first = Math.min(end, (start + 3) & ~3);
  const last = Math.max(first, end & ~3);
  paintSome(voxels, written, replaceable, start, first);
  // The last word that was written over as a whole, and the last in which nothing was.
  let over = whole;
  let kept = whole;
  for (let p = first; p < last; p += 4) {
    const word = words[p >> 2];
    if (word === over) words[p >> 2] = whole;
    else if (word !== kept) {
      const painted = paintSome(voxels, written, replaceable, p, p + 4);
      if (painted === 4) over = word;
      else if (painted === 0) kept = word;
    }
  }
  paintSome(voxels, written, replaceable, last, end);
}

/** One after the other; how many were replaceable. */
function paintSome(
  voxels: Uint8Array,
  written: number,
  replaceable: Uint8Array,
  start: number,
  end: number,
): number {
  let painted = 0;
  for (let p = start; p < end; p++) {
    if (replaceable[voxels[p]] === 0) continue;
    voxels[p] = written;
    painted += 1;
  }
  return painted;
}
