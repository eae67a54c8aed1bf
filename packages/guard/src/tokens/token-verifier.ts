import {
  type CryptoKey,
  decodeProtectedHeader,
  errors,
  type JWTPayload,
  type JWTVerifyOptions,
  jwtVerify,
} from "jose";
import type { Clock } from "../clock.ts";
import type { Timings } from "../options.ts";
import { looksLikeToken } from "./bearer.ts";
import { type AuthenticToken, readClaims } from "./claims.ts";

/** What is wrong with a token: for counters and logs, finer than what the client is told. */
export type TokenFault =
  | "not_compact"
  | "header"
  | "algorithm"
  | "unknown_key"
  | "signature"
  | "type"
  | "issuer"
  | "audience"
  | "claims"
  | "not_canonical"
  | "not_yet_valid";

export type Verdict =
  | { readonly authentic: true; readonly token: AuthenticToken }
  | { readonly authentic: false; readonly fault: TokenFault };

/** Finds the key for a key id among the keys of this issuer; nothing else may choose a key. */
export type FindKey = (keyId: string) => CryptoKey | undefined;

/** Only these may stand in a header. So `jku`, `jwk`, `x5u`, `x5c`, `crit`, `b64`, `zip` are refused unread. */
const HEADER_MEMBERS: ReadonlySet<string> = new Set(["alg", "typ", "kid"]);
const KEY_ID = /^[\w-]{1,64}$/;
const ALGORITHM = "EdDSA";
const MAX_GOOD_HEADERS = 16;

class HeaderRefused extends Error {
  readonly fault: TokenFault;
  constructor(fault: TokenFault) {
    super(fault);
    this.fault = fault;
  }
}

/**
 * Whether a token is one of Auth's own for this service, however old: whether it has run out is for the
 * caller to judge, because that depends on whether it could have been renewed.
 */
export class TokenVerifier {
  readonly #clock: Clock;
  readonly #timings: Pick<Timings, "leewayMs" | "tokenLifetimeMs">;
  readonly #expected: Omit<JWTVerifyOptions, "currentDate">;
  readonly #goodHeaders = new Map<string, string>();

  constructor(expected: { issuer: string; audience: string }, clock: Clock, timings: Timings) {
    this.#clock = clock;
    this.#timings = timings;
    this.#expected = {
      issuer: expected.issuer,
      audience: expected.audience,
      algorithms: [ALGORITHM],
      typ: "at+jwt",
      clockTolerance: timings.leewayMs / 1000,
      requiredClaims: ["exp"],
    };
  }

  /** Everything but the signature is judged at once, and the rest in one step: most of what a new token costs is waiting in turns. */
  verify(compact: string, findKey: FindKey): Verdict | Promise<Verdict> {
    if (!looksLikeToken(compact)) return refuse("not_compact");
    const dot = compact.indexOf(".");
    let keyId: string;
    try {
      keyId = this.#keyId(compact.slice(0, dot));
    } catch (error) {
      return refuse(faultOf(error));
    }
    const key = findKey(keyId);
    if (key === undefined) return refuse("unknown_key");
    const now = this.#clock.now();
    const claims = compact.slice(dot + 1, compact.lastIndexOf("."));
    const read = (payload: JWTPayload) => this.#read(payload, keyId, claims, now.getTime());
    return jwtVerify(compact, key, { ...this.#expected, currentDate: now }).then(
      ({ payload }) => read(payload),
      // jose checks the signature, then type, issuer and audience, and the times last: an expired token is otherwise good.
      (error: unknown) => (error instanceof errors.JWTExpired ? read(error.payload) : refuse(faultOf(error))),
    );
  }

  /** All tokens of a key have the same header to the letter: it is read and checked once. */
  #keyId(header: string): string {
    const known = this.#goodHeaders.get(header);
    if (known !== undefined) return known;
    const keyId = checkHeader(header);
    // Anybody may write a header, so only a handful is remembered.
    if (this.#goodHeaders.size >= MAX_GOOD_HEADERS) this.#goodHeaders.clear();
    this.#goodHeaders.set(header, keyId);
    return keyId;
  }

  #read(payload: JWTPayload, keyId: string, text: string, nowMs: number): Verdict {
    if (!isCanonical(text, payload)) return refuse("not_canonical");
    const token = readClaims(payload, keyId, this.#timings.tokenLifetimeMs);
    if (token === undefined) return refuse("claims");
    if (token.issuedAtMs > nowMs + this.#timings.leewayMs) return refuse("not_yet_valid");
    return { authentic: true, token };
  }
}

function refuse(fault: TokenFault): Verdict {
  return { authentic: false, fault };
}

/** Before any key is looked for: what is not in our form must not look like a key that we have not heard of. */
function checkHeader(text: string): string {
  const header = readHeader(text);
  for (const member of Object.keys(header)) {
    if (!HEADER_MEMBERS.has(member)) throw new HeaderRefused("header");
  }
  if (header.alg !== ALGORITHM) throw new HeaderRefused("algorithm");
  if (typeof header.kid !== "string" || !KEY_ID.test(header.kid)) throw new HeaderRefused("header");
  if (!isCanonical(text, header)) throw new HeaderRefused("not_canonical");
  return header.kid;
}

function readHeader(text: string): object & { alg?: unknown; kid?: unknown } {
  try {
    return decodeProtectedHeader({ protected: text });
  } catch {
    throw new HeaderRefused("header");
  }
}

/**
 * Names must be unique (RFC 7519 §4), and a parser that keeps the last twin cannot tell: writing it again can.
 * jose has refused what is not UTF-8.
 */
function isCanonical(text: string, parsed: object): boolean {
  return Buffer.from(text, "base64url").toString() === JSON.stringify(parsed);
}

function faultOf(error: unknown): TokenFault {
  if (error instanceof HeaderRefused) return error.fault;
  if (error instanceof errors.JWSSignatureVerificationFailed) return "signature";
  if (error instanceof errors.JOSEAlgNotAllowed) return "algorithm";
  if (error instanceof errors.JWTClaimValidationFailed) return claimFault(error.claim);
  if (error instanceof errors.JOSEError) return "header";
  throw error;
}

function claimFault(claim: string): TokenFault {
  switch (claim) {
    case "typ":
      return "type";
    case "iss":
      return "issuer";
    case "aud":
      return "audience";
    case "nbf":
      return "not_yet_valid";
    default:
      return "claims";
  }
}
