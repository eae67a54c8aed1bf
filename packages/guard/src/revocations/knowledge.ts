import type { Uptime } from "../clock.ts";
import type { AuthenticToken } from "../tokens/claims.ts";
import type { Revocation } from "./feed-event.ts";
import { Revocations } from "./revocations.ts";

/**
 * What this instance knows of revocations and how old that is. A full snapshot is gathered aside and
 * takes over at its end, so that a cut in the middle leaves the old set whole; what it says counts at
 * once in both, because a revocation is never wrong early.
 */
export class Knowledge {
  readonly #limit: number;
  readonly #uptime: Uptime;
  #current: Revocations;
  #gathered: Revocations | undefined;
  #caughtUp = false;
  #complete = false;
  #heardAt: number | undefined;
  #cursor: string | undefined;

  constructor(limit: number, uptime: Uptime) {
    this.#limit = limit;
    this.#uptime = uptime;
    this.#current = new Revocations(limit);
  }

  /** Where to resume; undefined asks for everything. */
  get cursor(): string | undefined {
    return this.#cursor;
  }

  /** Whether this instance ever held everything there was to know. */
  get complete(): boolean {
    return this.#complete;
  }

  get sessions(): number {
    return this.#current.sessions;
  }

  get accounts(): number {
    return this.#current.accounts;
  }

  /** Milliseconds since Auth last confirmed that this is all; undefined before the first time. */
  get ageMs(): number | undefined {
    return this.#heardAt === undefined ? undefined : this.#uptime() - this.#heardAt;
  }

  ends(token: AuthenticToken): "session_ended" | "token_outdated" | undefined {
    return this.#current.ends(token);
  }

  list(): Iterable<Revocation> {
    return this.#current.list();
  }

  /** Before anything was heard: what was known when this service last ran. Not complete, better than nothing. */
  recall(revocations: readonly Revocation[]): void {
    for (const revocation of revocations) this.#current.add(revocation, this.#uptime());
  }

  /** A connection begins. Without a cursor everything follows, whether it is announced or not. */
  connected(): void {
    this.#caughtUp = false;
    this.#gathered = this.#cursor === undefined ? new Revocations(this.#limit) : undefined;
  }

  snapshotBegins(): void {
    this.#caughtUp = false;
    this.#gathered = new Revocations(this.#limit);
  }

  learn(revocations: readonly Revocation[], cursor: string | undefined): void {
    const heardAt = this.#uptime();
    for (const revocation of revocations) {
      this.#current.add(revocation, heardAt);
      this.#gathered?.add(revocation, heardAt);
    }
    // A cursor inside an unfinished snapshot would skip the rest of it after a cut.
    if (this.#gathered === undefined && cursor !== undefined) this.#cursor = cursor;
    if (this.#caughtUp) this.#heardAt = this.#uptime();
  }

  snapshotEnds(cursor: string | undefined): void {
    if (this.#gathered !== undefined) this.#current = this.#gathered;
    this.#gathered = undefined;
    if (cursor !== undefined) this.#cursor = cursor;
    this.#caughtUp = true;
    this.#complete = true;
    this.#heardAt = this.#uptime();
  }

  /** Whether it says that all is known: not while the beginning of the answer is still arriving. */
  heartbeat(): boolean {
    if (this.#caughtUp) this.#heardAt = this.#uptime();
    return this.#caughtUp;
  }

  /** The next connection asks for everything. */
  startOver(): void {
    this.#cursor = undefined;
  }

  /** The cut half of a snapshot is dropped; what it taught stays. */
  disconnected(): void {
    this.#gathered = undefined;
    this.#caughtUp = false;
  }

  /** Forgets what was heard so long before Auth's last word: in an outage nothing more. */
  forget(keptMs: number): void {
    if (this.#heardAt !== undefined) this.#current.forget(this.#heardAt - keptMs);
  }
}
