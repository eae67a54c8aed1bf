import { type Caller, type Certainty, guest, type Member, refused } from "./caller.ts";
import type { Timings } from "./options.ts";
import type { AuthenticToken } from "./tokens/claims.ts";

/** What the guard knows at this moment, apart from the token. */
export interface Circumstances {
  readonly nowMs: number;
  readonly fresh: boolean;
  /** Set while Auth is proven away and this instance knows every revocation from before: wall clock, last seen alive. */
  readonly graceSinceMs: number | undefined;
  /** Proven away, whether or not there can be grace. */
  readonly away: boolean;
  readonly readOnly: boolean;
}

/** A checked token, and the callers it has already made: they are the same object request after request. */
export interface Remembered {
  readonly token: AuthenticToken;
  readonly members: Partial<Record<Certainty, Member>>;
}

/** Who an authentic token, not ended by a revocation, makes the caller. Times are the only thing left to judge. */
export function judge(remembered: Remembered, now: Circumstances, timings: Timings): Caller {
  const { expiresAtMs } = remembered.token;
  const sure = now.fresh ? "fresh" : "stale";
  if (expiresAtMs + timings.leewayMs > now.nowMs) return memberOf(remembered, sure);
  if (!now.away) return refused("token_expired", sure);
  return mayHaveGrace(expiresAtMs, now, timings)
    ? memberOf(remembered, "grace")
    : guest("auth_away", "stale");
}

/**
 * Only what nobody could renew: it ran out after Auth was last seen alive. Without leeway, and only
 * for reading. Someone who let it run out earlier had the chance.
 */
function mayHaveGrace(expiresAtMs: number, now: Circumstances, { graceMs }: Timings): boolean {
  const { graceSinceMs, readOnly, nowMs } = now;
  if (!readOnly || graceSinceMs === undefined) return false;
  return expiresAtMs > graceSinceMs && nowMs - expiresAtMs <= graceMs;
}

function memberOf(remembered: Remembered, certainty: Certainty): Member {
  const known = remembered.members[certainty];
  if (known !== undefined) return known;
  const { accountId, sessionId, clientId, roles, ageCeiling } = remembered.token;
  const because = certainty === "fresh" ? "verified" : "auth_away";
  const made: Member = Object.freeze({
    kind: "member",
    certainty,
    accountId,
    sessionId,
    clientId,
    roles,
    ageCeiling,
    because,
  });
  remembered.members[certainty] = made;
  return made;
}
