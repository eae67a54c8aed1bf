import type { AuthenticToken } from "../tokens/claims.ts";
import type { Revocation } from "./feed-event.ts";

type Ended = "session_ended" | "token_outdated";

/** How an account's tokens were ended. Each reason has its own instant: a role change must not hide a sign-out. */
type Cutoffs = Readonly<Partial<Record<Ended, number>>>;

/**
 * What Auth has ended, for as long as a token could still say otherwise. Bounded twice: by the
 * lifetime of a token, and by a number; past the number the oldest are forgotten together with every
 * token old enough to be one of theirs (those are refreshed), so that a flood cannot bring back the dead.
 */
export class Revocations {
  readonly #limit: number;
  readonly #sessions = new Map<string, number>();
  readonly #accounts = new Map<string, Cutoffs>();
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

  add(revocation: Revocation): void {
    if (revocation.kind === "session") {
      const known = this.#sessions.get(revocation.sessionId) ?? 0;
      this.#sessions.set(revocation.sessionId, Math.max(known, revocation.atMs));
    } else {
      const { accountId, because, beforeMs } = revocation;
      const known = this.#accounts.get(accountId) ?? {};
      this.#accounts.set(accountId, { ...known, [because]: Math.max(known[because] ?? 0, beforeMs) });
    }
    if (this.#sessions.size + this.#accounts.size > this.#limit) this.#dropOldest();
  }

  /** Why the token is dead, or undefined where nothing says so. */
  ends(token: AuthenticToken): Ended | undefined {
    if (this.#sessions.has(token.sessionId)) return "session_ended";
    const cutoffs = this.#accounts.get(token.accountId);
    if (cutoffs !== undefined) {
      if (token.issuedAtMs < (cutoffs.session_ended ?? 0)) return "session_ended";
      if (token.issuedAtMs < (cutoffs.token_outdated ?? 0)) return "token_outdated";
    }
    return token.issuedAtMs < this.#floorMs ? "token_outdated" : undefined;
  }

  /** Forgets what was ended before `beforeMs`: no token that it could concern is accepted any more. */
  forget(beforeMs: number): void {
    for (const [id, atMs] of this.#sessions) if (atMs < beforeMs) this.#sessions.delete(id);
    for (const [id, cutoffs] of this.#accounts) if (latest(cutoffs) < beforeMs) this.#accounts.delete(id);
  }

  /** For the copy on disk. */
  list(): readonly Revocation[] {
    const sessions = [...this.#sessions].map(
      ([sessionId, atMs]) => ({ kind: "session", sessionId, atMs }) as const,
    );
    const accounts = [...this.#accounts].flatMap(([accountId, cutoffs]) =>
      (Object.entries(cutoffs) as [Ended, number][]).map(
        ([because, beforeMs]) => ({ kind: "account", accountId, beforeMs, because }) as const,
      ),
    );
    return [...sessions, ...accounts];
  }

  /** A tenth at a time, so that a flood is not sorted once an event. */
  #dropOldest(): void {
    const times = [...this.#sessions.values(), ...[...this.#accounts.values()].map(latest)].sort(
      (a, b) => a - b,
    );
    const keepFrom = times[Math.ceil(times.length / 10)] ?? 0;
    this.#floorMs = Math.max(this.#floorMs, keepFrom + 1);
    this.forget(keepFrom + 1);
  }
}

function latest(cutoffs: Cutoffs): number {
  return Math.max(cutoffs.session_ended ?? 0, cutoffs.token_outdated ?? 0);
}
