const FIRST_BYTES = 64 * 1024;
/** What a burst of long texts has made larger is given back. */
const KEPT_BYTES = 1024 * 1024;

const VARINT = 0;
const FIXED_64 = 1;
const BYTES = 2;
const FIXED_32 = 5;

/** Writes protobuf's wire format (protobuf.dev, "Encoding") into one buffer that is used again and again. */
export class ProtobufWriter {
  #bytes = Buffer.allocUnsafe(FIRST_BYTES);
  #at = 0;

  /** What was written, as a copy; the writer is empty afterwards. */
  take(): Buffer {
    const taken = Buffer.from(this.#bytes.subarray(0, this.#at));
    this.#at = 0;
    if (this.#bytes.length > KEPT_BYTES) this.#bytes = Buffer.allocUnsafe(FIRST_BYTES);
    return taken;
  }

  /** Bytes written so far. */
  get length(): number {
    return this.#at;
  }

  /** Takes back what was written after the first `length` bytes. */
  cut(length: number): void {
    this.#at = length;
  }

  /** Begins a message within this one; what it returns is for `close`. */
  open(field: number): number {
    this.#tag(field, BYTES);
    this.#at += 1;
    return this.#at;
  }

  /** Most messages are shorter than 128 bytes: one is left for their length, and what is longer moves on. */
  close(from: number): void {
    const length = this.#at - from;
    if (length >= 0x80) {
      const more = length < 0x4000 ? 1 : length < 0x200000 ? 2 : 3;
      this.#room(more);
      this.#bytes.copyWithin(from + more, from, this.#at);
    }
    this.#at = from - 1;
    this.#varint(length);
    this.#at += length;
  }

  text(field: number, value: string): void {
    const { length } = value;
    this.#tag(field, BYTES);
    // Three bytes for each character at most, and the length before them.
    this.#room(length * 3 + 5);
    const begun = this.#at;
    this.#varint(length);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < length; index += 1) {
      const code = value.charCodeAt(index);
      if (code > 0x7f) {
        this.#at = begun;
        this.#wideText(value);
        return;
      }
      bytes[at] = code;
      at += 1;
    }
    this.#at = at;
  }

  #wideText(value: string): void {
    this.#varint(Buffer.byteLength(value));
    this.#at += this.#bytes.write(value, this.#at);
  }

  /** Bytes that are at hand as hexadecimal digits. */
  hex(field: number, digits: string): void {
    this.#tag(field, BYTES);
    this.#room(digits.length / 2 + 5);
    this.#varint(digits.length / 2);
    const bytes = this.#bytes;
    let at = this.#at;
    for (let index = 0; index < digits.length; index += 2) {
      bytes[at] = (digitOf(digits.charCodeAt(index)) << 4) | digitOf(digits.charCodeAt(index + 1));
      at += 1;
    }
    this.#at = at;
  }

  bytes(field: number, value: Uint8Array): void {
    this.#tag(field, BYTES);
    this.#room(value.length + 5);
    this.#varint(value.length);
    this.#bytes.set(value, this.#at);
    this.#at += value.length;
  }

  /** A whole number, below zero too. */
  whole(field: number, value: number): void {
    this.#tag(field, VARINT);
    this.#room(10);
    if (value >= 0 && value <= 0x7fffffff) {
      this.#varint(value);
      return;
    }
    let left = BigInt.asUintN(64, BigInt(value));
    for (; left >= 0x80n; left >>= 7n) this.#byte(Number(left & 0x7fn) | 0x80);
    this.#byte(Number(left));
  }

  double(field: number, value: number): void {
    this.#tag(field, FIXED_64);
    this.#room(8);
    this.#at = this.#bytes.writeDoubleLE(value, this.#at);
  }

  fixed32(field: number, value: number): void {
    this.#tag(field, FIXED_32);
    this.#room(4);
    this.#four(value);
  }

  /** seconds * 1e9 + nanoseconds, which no number holds exactly: so it is reckoned in two parts of 48 and 16 bits. */
  nanoseconds(field: number, [seconds, nanoseconds]: readonly [number, number]): void {
    this.#tag(field, FIXED_64);
    this.#room(8);
    const low = (seconds % 0x10000) * 1e9 + nanoseconds;
    const high = Math.floor(seconds / 0x10000) * 1e9 + Math.floor(low / 0x10000);
    this.#four((high % 0x10000) * 0x10000 + (low % 0x10000));
    this.#four(Math.floor(high / 0x10000));
  }

  #tag(field: number, type: number): void {
    // And one for the length of what begins with it.
    this.#room(6);
    this.#varint((field << 3) | type);
  }

  #varint(value: number): void {
    let left = value;
    for (; left >= 0x80; left >>>= 7) this.#byte((left & 0x7f) | 0x80);
    this.#byte(left);
  }

  #four(value: number): void {
    this.#byte(value);
    this.#byte(value >>> 8);
    this.#byte(value >>> 16);
    this.#byte(value >>> 24);
  }

  #byte(value: number): void {
    this.#bytes[this.#at] = value;
    this.#at += 1;
  }

  #room(wanted: number): void {
    if (this.#at + wanted <= this.#bytes.length) return;
    const larger = Buffer.allocUnsafe(Math.max(this.#bytes.length * 2, this.#at + wanted));
    this.#bytes.copy(larger, 0, 0, this.#at);
    this.#bytes = larger;
  }
}

/** Of a hexadecimal digit's character code, in either case. */
function digitOf(code: number): number {
  return (code & 0xf) + (code >> 6) * 9;
}
