/** The header that carries the request id in, out and onward. Lower case, as Node gives it. */
export const REQUEST_ID_HEADER = "x-request-id";
/** W3C Trace Context (Recommendation, §3.2). */
export const TRACEPARENT_HEADER = "traceparent";
/** W3C Trace Context (Recommendation, §3.3). */
export const TRACESTATE_HEADER = "tracestate";
/** The span attribute by which Jaeger finds the trace of a request id. */
export const REQUEST_ID_ATTRIBUTE = "request.id";

/** The two hexadecimal digits of every byte: looking them up is several times faster than writing them anew. */
const PAIRS = Array.from({ length: 256 }, (_, byte) => byte.toString(16).padStart(2, "0"));
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
  const milliseconds = Math.trunc(typeof now === "number" ? now : now.getTime());
  const high = Math.trunc(milliseconds / 0x1_0000);
  const low = milliseconds % 0x1_0000;
  const noise = random(10);
  const at = (index: number) => noise[index] ?? 0;
  return (
    `${pair(high >>> 24)}${pair(high >>> 16)}${pair(high >>> 8)}${pair(high)}-${pair(low >>> 8)}${pair(low)}` +
    `-${pair((at(0) & 0x0f) | 0x70)}${pair(at(1))}-${pair((at(2) & 0x3f) | 0x80)}${pair(at(3))}` +
    `-${pair(at(4))}${pair(at(5))}${pair(at(6))}${pair(at(7))}${pair(at(8))}${pair(at(9))}`
  );
}

function pair(byte: number): string {
  return PAIRS[byte & 0xff] ?? "";
}
