import type { Limiter } from "@kinopass/limiter";
import type { Secrets } from "../secrets.ts";

const CLASS = "same-password";

/**
 * Notices one password that is tried on many accounts. Failures alone count: a password that fits is nobody's business,
 * however many people chose it. The limiter learns a keyed digest, hashed once more before it leaves the process.
 *
 * Failures are counted, and looked up, for all replicas together: in Redis, in a key that expires; by each replica for
 * itself while Redis is away. Tries already under way when the last failure is counted are let through.
 */
export class TriedPasswords {
  readonly #limiter: Limiter;
  readonly #secrets: Secrets;

  constructor({ limiter, secrets }: { limiter: Limiter; secrets: Secrets }) {
    this.#limiter = limiter;
    this.#secrets = secrets;
  }

  /** Milliseconds until the password may be tried again, 0 for one that may be now. */
  async waitMs(password: string, address: string): Promise<number> {
    const refusal = await this.#limiter.peek({ class: CLASS, address, key: this.#nameOf(password) });
    return refusal?.retryAfterMs ?? 0;
  }

  async failed(password: string, address: string): Promise<void> {
    await this.#limiter.decide({ class: CLASS, address, key: this.#nameOf(password) });
  }

  #nameOf(password: string): string {
    return this.#secrets.newestMac("tried-password", password).toString("base64url");
  }
}
