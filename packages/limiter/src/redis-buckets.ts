import { TICKS_PER_US } from "./bucket.ts";
import type { Claim, Outcome } from "./claim.ts";
import { loadScript, type RedisLink } from "./redis-link.ts";

export const TOKEN_BUCKET = loadScript("./token-bucket.lua");

/**
 * Most claims of one script call. Redis serves nobody else meanwhile, so this bounds how long (under 0.1 ms for
 * requests of six buckets); and one call can be decided while the next is being written.
 */
const MAX_CLAIMS_PER_CALL = 8;

/** Told the outcome, or undefined when Redis is away. */
export type Settle = (outcome: Outcome | undefined) => void;

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

  decide(claim: Claim, settle: Settle): void {
    if (this.#link.away) {
      settle(undefined);
      return;
    }
    if (this.#batch === undefined) {
      this.#batch = new Batch();
      setImmediate(this.#flush);
    }
    this.#batch.add(claim, settle);
    if (this.#batch.full) this.#flush();
  }

  readonly #flush = (): void => {
    const batch = this.#batch;
    if (batch === undefined) return;
    this.#batch = undefined;
    this.#link.run(TOKEN_BUCKET, batch.keys, [batch.numbers()]).then(
      (reply) => batch.settle(Array.isArray(reply) ? reply : []),
      // RedisAway, which the link has told already.
      () => batch.settle([]),
    );
  };
}

/** One call of token-bucket.lua in the making; its header explains the layout. */
class Batch {
  readonly keys: string[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #windows: number[] = [];
  readonly #requests: number[] = [];
  readonly #claims: Claim[] = [];
  readonly #settles: Settle[] = [];

  get full(): boolean {
    return this.#claims.length >= MAX_CLAIMS_PER_CALL;
  }

  add(claim: Claim, settle: Settle): void {
    this.#claims.push(claim);
    this.#settles.push(settle);
    this.#requests.push(claim.charge ? -claim.buckets.length : claim.buckets.length);
    for (const { key, rate, takeUs } of claim.buckets) {
      let index = this.#indexes.get(key);
      if (index === undefined) {
        index = this.keys.push(key);
        this.#indexes.set(key, index);
        this.#windows.push(rate.windowUs * TICKS_PER_US);
      }
      this.#requests.push(index, takeUs * TICKS_PER_US);
    }
  }

  numbers(): string {
    return JSON.stringify(this.#windows.concat(this.#requests));
  }

  /** Hands each claim its part of the reply; undefined where the reply has none. */
  settle(reply: readonly unknown[]): void {
    let at = 0;
    for (let i = 0; i < this.#claims.length; i += 1) {
      const wanted = this.#claims[i]?.buckets.length ?? 0;
      const debtsUs: number[] = [];
      for (let k = at + 1; k <= at + wanted; k += 1) {
        const ticks = reply[k];
        if (typeof ticks === "number") debtsUs.push(ticks / TICKS_PER_US);
      }
      const whole = debtsUs.length === wanted;
      this.#settles[i]?.(whole ? { allowed: reply[at] === 1, debtsUs, replicas: 1 } : undefined);
      at += 1 + wanted;
    }
  }
}
