import type { Claim, Outcome } from "./claim.ts";
import { loadScript, RedisAway, type RedisLink } from "./redis-link.ts";

export const TOKEN_BUCKET = loadScript("./token-bucket.lua");

/**
 * Most buckets one script call touches. Redis serves nobody else meanwhile, so this bounds how long: about
 * 0.1 ms. Beyond it the next call of the same turn begins.
 */
const MAX_BUCKETS_PER_CALL = 96;

interface Waiting {
  readonly claim: Claim;
  readonly resolve: (outcome: Outcome) => void;
  readonly reject: (reason: unknown) => void;
}

/**
 * Decides claims in Redis, for all replicas together.
 *
 * The claims that arrive in one turn of the event loop travel in one script call. They are decided there one
 * after the other, exactly as if each had come alone; but the class-wide and service-wide buckets, which all of
 * them touch, are then read and written once for the lot.
 */
export class RedisBuckets {
  readonly #link: RedisLink;
  #batch: Batch | undefined;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  /** @throws RedisAway */
  decide(claim: Claim): Promise<Outcome> {
    if (this.#link.away) return Promise.reject(new RedisAway("the breaker is open"));
    return new Promise((resolve, reject) => {
      if (this.#batch?.full === true) this.#flush();
      if (this.#batch === undefined) {
        this.#batch = new Batch();
        setImmediate(() => this.#flush());
      }
      this.#batch.add({ claim, resolve, reject });
    });
  }

  #flush(): void {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#link.run(TOKEN_BUCKET, batch.keys, batch.args()).then(
      (reply) => batch.settle(reply),
      (error: unknown) => batch.fail(error),
    );
  }
}

/** One call of token-bucket.lua in the making; its header explains the layout. */
class Batch {
  readonly keys: string[] = [];
  readonly #places = new Map<string, number>();
  readonly #windows: number[] = [];
  readonly #requests: number[] = [];
  readonly #waiting: Waiting[] = [];

  get full(): boolean {
    return this.keys.length >= MAX_BUCKETS_PER_CALL;
  }

  add(waiting: Waiting): void {
    const { buckets, charge } = waiting.claim;
    this.#waiting.push(waiting);
    this.#requests.push(charge ? -buckets.length : buckets.length);
    for (const { key, rate, takeUs } of buckets) {
      let place = this.#places.get(key);
      if (place === undefined) {
        place = this.keys.push(key);
        this.#places.set(key, place);
        this.#windows.push(rate.windowUs);
      }
      this.#requests.push(place, takeUs);
    }
  }

  args(): number[] {
    return this.#windows.concat(this.#requests);
  }

  settle(reply: unknown): void {
    const numbers: readonly unknown[] = Array.isArray(reply) ? reply : [];
    let at = 0;
    for (const { claim, resolve, reject } of this.#waiting) {
      const end = at + 1 + claim.buckets.length;
      const debtsUs = numbers.slice(at + 1, end).filter((debt) => typeof debt === "number");
      if (debtsUs.length < claim.buckets.length)
        reject(new RedisAway("the script's reply does not fit the batch"));
      else resolve({ allowed: numbers[at] === 1, debtsUs, replicas: 1 });
      at = end;
    }
  }

  fail(error: unknown): void {
    for (const { reject } of this.#waiting) reject(error);
  }
}
