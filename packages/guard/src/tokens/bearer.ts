/** Longer tokens are refused before any work. Ours are about 600 bytes. */
export const MAX_TOKEN_BYTES = 4096;

const SCHEME = /^bearer(?: +|$)/i;

/**
 * Three parts of base64url and dots (RFC 8725 §3.14 in its successor's draft): no JSON form, no
 * five-part JWE, no padding. An Ed25519 signature is 64 bytes, so 86 characters of which the last
 * has four spare bits; a decoder ignores them, hence one token would have sixteen spellings.
 */
const COMPACT_EDDSA = /^[\w-]+\.[\w-]+\.[\w-]{85}[AQgw]$/;

/** The credentials of an Authorization header; undefined if there are none for us (RFC 6750 §2.1). */
export function bearerToken(authorization: string | undefined): string | undefined {
  if (authorization === undefined || authorization === "") return undefined;
  if (authorization.startsWith("Bearer ")) return authorization.slice(7);
  const scheme = SCHEME.exec(authorization);
  return scheme === null ? undefined : authorization.slice(scheme[0].length);
}

export function looksLikeToken(token: string): boolean {
  return token.length <= MAX_TOKEN_BYTES && COMPACT_EDDSA.test(token);
}
