import type { Limiter } from "@kinopass/limiter";
import type { Clock } from "../clock.ts";
import type { Secrets } from "../secrets.ts";

const CLASS = "same-password";
const MOST_SPRAYED = 10_000;

/**
 * Notices one password that is tried on many accounts. Failures alone count: a password that fits is nobody's business,
 * however many people chose it. The limiter learns a keyed digest, hashed once more before it leaves the process.
 *
 * Failures are counted for all replicas; that a password is over its limit is remembered by each, which learns it from
 * the next failure it sees itself. So every replica lets one more try through, and every try already under way.
 */
export class TriedPasswords {
  readonly #limiter: Limiter;
  readonly #secrets: Secrets;
  readonly #clock: Clock;
  /** When a sprayed password may be tried again, ms since 1970; oldest first. */
  readonly #sprayedUntil = new Map<string, number>();

  constructor({ limiter, secrets, clock }: { limiter: Limiter; secrets: Secrets; clock: Clock }) {
    this.#limiter = limiter;
    this.#secrets = secrets;
    this.#clock = clock;
  }

  /** Milliseconds until the password may be tried again, 0 for one that may be now. */
  waitMs(password: string): number {
    const until = this.#sprayedUntil.get(this.#nameOf(password)) ?? 0;
    return Math.max(0, until - this.#clock.now().getTime());
  }

  async failed(password: string, address: string): Promise<void> {
    const key = this.#nameOf(password);
    const decision = await this.#limiter.decide({ class: CLASS, address, key });
    if (decision.kind !== "refused" || decision.scope !== "key") return;
    this.#sprayedUntil.delete(key);
    this.#sprayedUntil.set(key, this.#clock.now().getTime() + decision.retryAfterMs);
    const [oldest] = this.#sprayedUntil.keys();
    if (this.#sprayedUntil.size > MOST_SPRAYED && oldest !== undefined) this.#sprayedUntil.delete(oldest);
  }

  #nameOf(password: string): string {
    const mac = this.#secrets.mac("tried-password", this.#secrets.newest, password);
    return mac?.toString("base64url") ?? "";
  }
}
