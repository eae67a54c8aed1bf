import type { RefusalCode } from "./refusals.ts";

/**
 * How sure the guard is at this moment.
 * fresh: keys and revocations are current. stale: they were, a while ago; Auth is away or silent.
 * grace: the token ran out while Auth was away, so that nobody could have renewed it.
 */
export type Certainty = "fresh" | "stale" | "grace";

export type AgeCeiling = 0 | 6 | 12 | 16 | 18;

/** A token that is at fault itself, as the answer would call it. */
export type TokenRefusal = Extract<
  RefusalCode,
  "token_invalid" | "token_expired" | "token_outdated" | "session_ended"
>;

export interface Member {
  readonly kind: "member";
  readonly certainty: Certainty;
  readonly accountId: string;
  readonly sessionId: string;
  /** The client the token was issued to (RFC 9068 §2.2), e.g. `web` or `tv`. */
  readonly clientId: string;
  readonly roles: ReadonlySet<string>;
  readonly ageCeiling: AgeCeiling;
  readonly because: "verified" | "auth_away";
}

export interface Guest {
  readonly kind: "guest";
  readonly certainty: Exclude<Certainty, "grace">;
  readonly roles: ReadonlySet<string>;
  readonly ageCeiling: 0;
  /** no_token: came without one. auth_away: the token cannot be judged or renewed. Else: what is wrong with it. */
  readonly because: "no_token" | "auth_away" | TokenRefusal;
}

/** Came with a token that is worth nothing. An open route sees a guest instead. */
export interface Refused {
  readonly kind: "refused";
  readonly certainty: Exclude<Certainty, "grace">;
  readonly roles: ReadonlySet<string>;
  readonly ageCeiling: 0;
  readonly because: TokenRefusal;
}

/** Who is calling. A service decides what each kind may see; it never has to guess why. */
export type Caller = Member | Guest | Refused;

const NO_ROLES: ReadonlySet<string> = new Set<string>();

export function guest(because: Guest["because"], certainty: Guest["certainty"]): Guest {
  return { kind: "guest", certainty, roles: NO_ROLES, ageCeiling: 0, because };
}

export function refused(because: TokenRefusal, certainty: Refused["certainty"]): Refused {
  return { kind: "refused", certainty, roles: NO_ROLES, ageCeiling: 0, because };
}
