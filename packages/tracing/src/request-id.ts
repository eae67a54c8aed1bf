/** The header that carries the request id in, out and onward. Lower case, as Node gives it. */
export const REQUEST_ID_HEADER = "x-request-id";
/** W3C Trace Context (Recommendation, §3.2). */
export const TRACEPARENT_HEADER = "traceparent";
/** W3C Trace Context (Recommendation, §3.3). */
export const TRACESTATE_HEADER = "tracestate";
/** The span attribute by which Jaeger finds the trace of a request id. */
export const REQUEST_ID_ATTRIBUTE = "request.id";

/** The two bits that say RFC 9562, with two of those that were drawn. */
const VARIANTS = "89ab";
const TWO_DIGITS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
const RANDOM_BYTES = 10;
const DRAWN_FOR = 1_024;
const WRITTEN_FOR = 32;
const HARMLESS = /^[A-Za-z0-9._-]{1,64}$/;

/**
 * The caller's request id where it is harmless (letters, digits, `.`, `_`, `-`; 1 to 64 of them), else a made one. Nothing
 * else of a foreign id survives: it goes into logs, headers, SQL audit rows and spans, so no line break, quote or control
 * character may ever be in it. A header sent twice arrives as a list and counts as not offered.
 */
export function acceptRequestId(offered: unknown, make: () => string): string {
  return typeof offered === "string" && HARMLESS.test(offered) ? offered : make();
}

/**
 * A request id of our own: a UUIDv7 (RFC 9562 §5.7), so that ids sort by the time they were made.
 *
 * @param now the moment, as a Date or in milliseconds since 1970
 * @param random gives that many random bytes, e.g. `randomBytes` of node:crypto
 */
export function newRequestId(now: Date | number, random: (bytes: number) => Uint8Array): string {
  return compose(now, hexOf(random(RANDOM_BYTES)));
}

/**
 * The same for a service that makes many: randomness is drawn for a thousand ids at once, since it costs about the same
 * however much is drawn, and more than the rest of it. Digits are written for a few: an id holds on to the text it is a
 * part of. No part of it is given out twice.
 */
export function requestIds(now: () => Date | number, random: (bytes: number) => Uint8Array): () => string {
  const digits = RANDOM_BYTES * 2;
  let drawn: Uint8Array = new Uint8Array(0);
  let written = 0;
  let text = "";
  let used = 0;
  return () => {
    if (used === text.length) {
      if (written === drawn.length) {
        drawn = random(RANDOM_BYTES * DRAWN_FOR);
        written = 0;
      }
      text = hexOf(drawn.subarray(written, written + RANDOM_BYTES * WRITTEN_FOR));
      written += RANDOM_BYTES * WRITTEN_FOR;
      used = 0;
    }
    used += digits;
    return compose(now(), text.slice(used - digits, used));
  };
}

/** @param noise 20 random hexadecimal digits, of which version and variant take the place of six bits */
function compose(now: Date | number, noise: string): string {
  const digit = noise.charCodeAt(4);
  const variant = VARIANTS.charAt((digit < 0x3a ? digit : digit - 0x57) & 3);
  return `${momentOf(now)}-7${noise.slice(1, 4)}-${variant}${noise.slice(5, 8)}-${noise.slice(8)}`;
}

let lastMinute = -1;
let lastText = "";

/**
 * The first two groups. The first changes about once a minute; the digits of a number that large cost more than the rest
 * of an id.
 */
function momentOf(now: Date | number): string {
  const milliseconds = Math.trunc(typeof now === "number" ? now : now.getTime());
  const minute = Math.floor(milliseconds / 0x10000);
  if (minute !== lastMinute) {
    lastMinute = minute;
    lastText = minute.toString(16).padStart(8, "0");
  }
  const rest = milliseconds & 0xffff;
  return `${lastText}-${TWO_DIGITS[rest >> 8]}${TWO_DIGITS[rest & 0xff]}`;
}

function hexOf(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("hex");
}
