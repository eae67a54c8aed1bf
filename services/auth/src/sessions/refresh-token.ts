import { timingSafeEqual } from "node:crypto";
import { type AccountId, bytesOf, idOfBytes, type SessionId } from "../ids.ts";
import type { Secrets } from "../secrets.ts";

/** Opaque to clients; the prefix is for secret scanners and for people who find one in a log. */
export type RefreshToken = `kp_rt_${string}`;

export interface RefreshClaims {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
  readonly counter: number;
}

const PREFIX = "kp_rt_";
const VERSION = 1;
/** version 1 | key number 1 | account 16 | session 16 | counter 4 */
const CLAIMS_BYTES = 38;
const MAC_BYTES = 32;

/** 70 bytes in base64url. */
export const REFRESH_TOKEN_PATTERN = "^kp_rt_[A-Za-z0-9_-]{94}$";

/**
 * The token of one counter value. It is computed, not stored: the same counter gives the same token,
 * which is how a client whose answer got lost is given the same successor again.
 */
export function refreshTokenOf(
  secrets: Secrets,
  { accountId, sessionId, counter }: RefreshClaims,
): RefreshToken {
  const claims = Buffer.alloc(CLAIMS_BYTES);
  claims[0] = VERSION;
  claims[1] = secrets.newest;
  bytesOf(accountId).copy(claims, 2);
  bytesOf(sessionId).copy(claims, 18);
  claims.writeUInt32BE(counter, 34);
  const mac = secrets.newestMac("refresh-token", claims);
  return `${PREFIX}${Buffer.concat([claims, mac]).toString("base64url")}`;
}

/** Undefined for anything we did not make: a forged token dies here, before any I/O. */
export function readRefreshToken(secrets: Secrets, token: string): RefreshClaims | undefined {
  if (!token.startsWith(PREFIX)) return undefined;
  const bytes = Buffer.from(token.slice(PREFIX.length), "base64url");
  // Base64 has several spellings of the same bytes; only ours is ours.
  if (bytes.length !== CLAIMS_BYTES + MAC_BYTES || bytes[0] !== VERSION) return undefined;
  if (bytes.toString("base64url") !== token.slice(PREFIX.length)) return undefined;
  const claims = bytes.subarray(0, CLAIMS_BYTES);
  const expected = secrets.mac("refresh-token", claims[1] ?? -1, claims);
  if (expected === undefined || !timingSafeEqual(expected, bytes.subarray(CLAIMS_BYTES))) return undefined;
  return {
    accountId: idOfBytes(claims.subarray(2, 18)),
    sessionId: idOfBytes(claims.subarray(18, 34)),
    counter: claims.readUInt32BE(34),
  };
}
