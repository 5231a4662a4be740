/** Which slices were looked at: as the server keeps it (a bit per slice, least significant first), and where to go next. */

/** A byte per slice, 1 = looked at, to base64 of a bit per slice. */
export function packLooked(looked: Uint8Array): string {
  const bits = new Uint8Array(Math.ceil(looked.length / 8));
  looked.forEach((is, slice) => {
    if (is !== 0) {
      bits[slice >> 3] = (bits[slice >> 3] as number) | (1 << (slice & 7));
    }
  });
  return btoa(String.fromCharCode(...bits));
}

/** Inverse of `packLooked`; bits that the server does not have are slices not looked at. */
export function unpackLooked(packed: string, slices: number): Uint8Array {
  const bits = atob(packed);
  return Uint8Array.from({ length: slices }, (_, slice) => {
    const byte = slice >> 3 < bits.length ? bits.charCodeAt(slice >> 3) : 0;
    return (byte >> (slice & 7)) & 1;
  });
}

/** The next slice in this direction, round the end, that has the structure and was not looked at; null: all were. */
export function nextUnlooked(
  active: Uint8Array,
  looked: Uint8Array,
  from: number,
  by: 1 | -1,
): number | null {
  const slices = active.length;
  for (let step = 1; step <= slices; step++) {
    const slice = (((from + by * step) % slices) + slices) % slices;
    if (active[slice] !== 0 && looked[slice] === 0) {
      return slice;
    }
  }
  return null;
}
