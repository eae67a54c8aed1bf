import type { AuthenticToken } from "../tokens/claims.ts";
import type { Revocation } from "./feed-event.ts";

type Ended = "session_ended" | "token_outdated";

/** How an account's tokens were ended. Each reason has its own instant: a role change must not hide a sign-out. */
type Cutoffs = Readonly<Partial<Record<Ended, number>>>;

interface Heard<Value> {
  readonly value: Value;
  /** When, on a clock that never jumps: a wall clock that leaps must not make us forget. */
  readonly heardAt: number;
}

/**
 * What Auth has ended, for as long as a token could still say otherwise. Bounded twice: by the
 * lifetime of a token, and by a number; past the number the oldest are forgotten together with every
 * token old enough to be one of theirs (those are refreshed), so that a flood cannot bring back the dead.
 *
 * Both maps are in the order of hearing, so that forgetting looks at no more than what it forgets.
 */
export class Revocations {
  readonly #limit: number;
  readonly #sessions = new Map<string, Heard<number>>();
  readonly #accounts = new Map<string, Heard<Cutoffs>>();
  #floorMs = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  get sessions(): number {
    return this.#sessions.size;
  }

  get accounts(): number {
    return this.#accounts.size;
  }

  add(revocation: Revocation, heardAt: number): void {
    if (revocation.kind === "session") {
      const known = this.#sessions.get(revocation.sessionId)?.value ?? -1;
      if (revocation.atMs > known) putLast(this.#sessions, revocation.sessionId, revocation.atMs, heardAt);
    } else {
      const { accountId, because, beforeMs } = revocation;
      const known = this.#accounts.get(accountId)?.value ?? {};
      if (beforeMs > (known[because] ?? -1))
        putLast(this.#accounts, accountId, { ...known, [because]: beforeMs }, heardAt);
    }
    if (this.#sessions.size + this.#accounts.size > this.#limit) this.#dropOldest();
  }

  /** Why the token is dead, or undefined where nothing says so. */
  ends(token: AuthenticToken): Ended | undefined {
    if (this.#sessions.has(token.sessionId)) return "session_ended";
    const cutoffs = this.#accounts.get(token.accountId)?.value;
    if (cutoffs !== undefined) {
      if (token.issuedAtMs < (cutoffs.session_ended ?? 0)) return "session_ended";
      if (token.issuedAtMs < (cutoffs.token_outdated ?? 0)) return "token_outdated";
    }
    return token.issuedAtMs < this.#floorMs ? "token_outdated" : undefined;
  }

  /** Forgets what was heard before: no token that it could concern is accepted any more. */
  forget(heardBefore: number): void {
    forgetFirst(this.#sessions, heardBefore);
    forgetFirst(this.#accounts, heardBefore);
  }

  /** For the copy on disk. What changes while it is read may be in it or not. */
  *list(): Generator<Revocation> {
    for (const [sessionId, { value }] of this.#sessions) yield { kind: "session", sessionId, atMs: value };
    for (const [accountId, { value }] of this.#accounts)
      for (const [because, beforeMs] of Object.entries(value) as [Ended, number][])
        yield { kind: "account", accountId, beforeMs, because };
  }

  /** A tenth at a time, so that a flood does not look for the oldest once an event. */
  #dropOldest(): void {
    const latestDropped = Math.max(
      dropFirst(this.#sessions, (atMs) => atMs),
      dropFirst(this.#accounts, latest),
    );
    this.#floorMs = Math.max(this.#floorMs, latestDropped + 1);
  }
}

function putLast<Value>(map: Map<string, Heard<Value>>, id: string, value: Value, heardAt: number): void {
  map.delete(id);
  map.set(id, { value, heardAt });
}

function forgetFirst(map: Map<string, Heard<unknown>>, heardBefore: number): void {
  for (const [id, { heardAt }] of map) {
    if (heardAt >= heardBefore) return;
    map.delete(id);
  }
}

/** The latest instant among those that are dropped, by Auth's clock. */
function dropFirst<Value>(map: Map<string, Heard<Value>>, instant: (value: Value) => number): number {
  let [left, latestMs] = [Math.ceil(map.size / 10), 0];
  for (const [id, { value }] of map) {
    if (left-- === 0) break;
    latestMs = Math.max(latestMs, instant(value));
    map.delete(id);
  }
  return latestMs;
}

function latest(cutoffs: Cutoffs): number {
  return Math.max(cutoffs.session_ended ?? 0, cutoffs.token_outdated ?? 0);
}
