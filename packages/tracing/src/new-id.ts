import { randomFillSync } from "node:crypto";

/**
 * Drawn for hundreds of ids at once: asking for randomness costs about the same however much is asked for, more than the
 * rest of a span. Digits are written for some twenty at once; an id holds on to the text it is a part of, so that is short.
 */
const drawn = Buffer.alloc(8_192);
const WRITTEN_AT_ONCE = 512;
let written = drawn.length;
let digits = "";
let used = 0;

/** A random trace id (16 bytes) or span id (8), in hexadecimal digits. */
export function newId(bytes: 8 | 16): string {
  const length = bytes * 2;
  if (used + length > digits.length) {
    if (written === drawn.length) {
      randomFillSync(drawn);
      written = 0;
    }
    digits = drawn.toString("hex", written, written + WRITTEN_AT_ONCE);
    written += WRITTEN_AT_ONCE;
    used = 0;
  }
  used += length;
  return digits.slice(used - length, used);
}
