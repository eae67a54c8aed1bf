/** The header that carries the request id in, out and onward. Lower case, as Node gives it. */
export const REQUEST_ID_HEADER = "x-request-id";
/** W3C Trace Context (Recommendation, §3.2). */
export const TRACEPARENT_HEADER = "traceparent";
/** W3C Trace Context (Recommendation, §3.3). */
export const TRACESTATE_HEADER = "tracestate";
/** The span attribute by which Jaeger finds the trace of a request id. */
export const REQUEST_ID_ATTRIBUTE = "request.id";

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
  const time = milliseconds.toString(16).padStart(12, "0").slice(-12);
  const noise = Buffer.from(random(10));
  noise[0] = ((noise[0] ?? 0) & 0x0f) | 0x70;
  noise[2] = ((noise[2] ?? 0) & 0x3f) | 0x80;
  const rest = noise.toString("hex");
  return `${time.slice(0, 8)}-${time.slice(8)}-${rest.slice(0, 4)}-${rest.slice(4, 8)}-${rest.slice(8)}`;
}
