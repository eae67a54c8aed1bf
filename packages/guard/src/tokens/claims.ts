import type { JWTPayload } from "jose";
import type { AgeCeiling } from "../caller.ts";

/** A token whose signature, header and claims were checked. Whether it still counts is asked anew each time. */
export interface AuthenticToken {
  readonly accountId: string;
  readonly sessionId: string;
  readonly clientId: string;
  readonly roles: ReadonlySet<string>;
  readonly ageCeiling: AgeCeiling;
  readonly keyId: string;
  /** Wall clock of Auth, milliseconds. Whole seconds unless Auth writes a fraction (RFC 7519 §2 allows it). */
  readonly issuedAtMs: number;
  readonly expiresAtMs: number;
}

const UUID = /^[\da-f]{8}-[\da-f]{4}-[\da-f]{4}-[\da-f]{4}-[\da-f]{12}$/;
const MAX_TEXT = 128;
const MAX_ROLES = 64;

/** The token's own part, or undefined where a claim is missing, of the wrong type or out of its bounds. */
export function readClaims(
  payload: JWTPayload,
  keyId: string,
  tokenLifetimeMs: number,
): AuthenticToken | undefined {
  const { sub, sid, jti, client_id, aud, iat, exp, roles, age_ceiling } = payload as Record<string, unknown>;
  if (!isUuid(sub) || !isUuid(sid) || !isText(jti) || !isText(client_id)) return undefined;
  // jose takes a list that contains our audience; a token for several services is not one of ours.
  if (typeof aud !== "string" || !isTime(iat) || !isTime(exp)) return undefined;
  if (!isRoles(roles) || !isAgeCeiling(age_ceiling)) return undefined;
  const issuedAtMs = Math.round(iat * 1000);
  const expiresAtMs = Math.round(exp * 1000);
  // Revocations are forgotten after one token lifetime: a longer token would outlive its own revocation.
  const lifetimeMs = expiresAtMs - issuedAtMs;
  if (lifetimeMs <= 0 || lifetimeMs > tokenLifetimeMs) return undefined;
  return {
    accountId: sub,
    sessionId: sid,
    clientId: client_id,
    roles: new Set(roles),
    ageCeiling: age_ceiling,
    keyId,
    issuedAtMs,
    expiresAtMs,
  };
}

function isUuid(value: unknown): value is string {
  return typeof value === "string" && UUID.test(value);
}

function isText(value: unknown): value is string {
  return typeof value === "string" && value.length > 0 && value.length <= MAX_TEXT;
}

function isTime(value: unknown): value is number {
  return typeof value === "number" && value > 0 && value < 1e11;
}

function isRoles(value: unknown): value is string[] {
  return Array.isArray(value) && value.length <= MAX_ROLES && value.every(isText);
}

function isAgeCeiling(value: unknown): value is AgeCeiling {
  return value === 0 || value === 6 || value === 12 || value === 16 || value === 18;
}
