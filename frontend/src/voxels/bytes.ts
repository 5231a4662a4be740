/** Bytes of edits: single bytes and varints (unsigned LEB128 of at most five bytes). */

const MAX_VARINT_BYTES = 5;

export class ByteWriter {
  private bytes: Uint8Array<ArrayBuffer>;
  private length = 0;

  constructor(capacity: number) {
    this.bytes = new Uint8Array(Math.max(64, capacity));
  }

  byte(value: number): void {
    if (this.length === this.bytes.length) this.grow(1);
    this.bytes[this.length++] = value;
  }

  varint(value: number): void {
    if (this.length + MAX_VARINT_BYTES > this.bytes.length) this.grow(MAX_VARINT_BYTES);
    let rest = value;
    while (rest > 0x7f) {
      this.bytes[this.length++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    this.bytes[this.length++] = rest;
  }

  /** A number of either sign: 0, -1, 1, -2 … as 0, 1, 2, 3 … */
  signed(value: number): void {
    this.varint(value < 0 ? -2 * value - 1 : 2 * value);
  }

  append(other: ByteWriter): void {
    if (this.length + other.length > this.bytes.length) this.grow(other.length);
    this.bytes.set(other.bytes.subarray(0, other.length), this.length);
    this.length += other.length;
  }

  written(): Uint8Array<ArrayBuffer> {
    return this.bytes.slice(0, this.length);
  }

  private grow(room: number): void {
    const more = new Uint8Array(Math.max(2 * this.bytes.length, this.length + room));
    more.set(this.bytes.subarray(0, this.length));
    this.bytes = more;
  }
}

/** Throws a RangeError where the bytes end too early or a number is too long. */
export class ByteReader {
  private readonly bytes: Uint8Array;
  private at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  atEnd(): boolean {
    return this.at >= this.bytes.length;
  }

  byte(): number {
    if (this.at >= this.bytes.length) throw new RangeError('These edits are damaged: they end too early.');
    return this.bytes[this.at++];
  }

  take(count: number): Uint8Array {
    if (this.at + count > this.bytes.length) {
      throw new RangeError('These edits are damaged: they end too early.');
    }
    this.at += count;
    return this.bytes.subarray(this.at - count, this.at);
  }

  varint(): number {
    let value = 0;
    for (let n = 0; n < MAX_VARINT_BYTES; n++) {
      const byte = this.byte();
      value += (byte & 0x7f) * 2 ** (7 * n);
      if (byte < 0x80) return value;
    }
    throw new RangeError('These edits are damaged: a number is too long.');
  }

  signed(): number {
    const value = this.varint();
    return value % 2 === 1 ? -(value + 1) / 2 : value / 2;
  }
}
