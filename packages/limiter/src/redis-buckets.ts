import { TICKS_PER_US } from "./bucket.ts";
import type { Claim, ClaimedBucket, Outcome } from "./claim.ts";
import { loadScript, type RedisLink } from "./redis-link.ts";

export const TOKEN_BUCKET = loadScript("./token-bucket.lua");

/**
 * Most claims of one script call. Redis serves nobody else meanwhile, so this bounds how long: about 0.15 ms for
 * requests of six buckets.
 */
const MAX_CLAIMS_PER_CALL = 16;
/** With nothing under way a call leaves earlier, so that Redis decides it while the next is being written. */
const FIRST_CALL = 8;

/** Told the outcome, or undefined when Redis is away. */
export type Settle = (outcome: Outcome | undefined) => void;

/**
 * Decides claims in Redis, for all replicas together.
 *
 * The claims that arrive in one turn of the event loop travel in one script call. They are decided there one
 * after the other, exactly as if each had come alone; but the class-wide and service-wide buckets, which all
 * requests of a class touch, are then read and written once for the lot.
 */
export class RedisBuckets {
  readonly #link: RedisLink;
  readonly #batches = new Map<object, Batch>();
  #underWay = 0;

  constructor(link: RedisLink) {
    this.#link = link;
  }

  decide(claim: Claim, settle: Settle): void {
    if (this.#link.away) {
      settle(undefined);
      return;
    }
    let batch = this.#batches.get(claim.kind);
    if (batch === undefined) {
      if (this.#batches.size === 0) setImmediate(this.#sendAll);
      batch = new Batch(claim);
      this.#batches.set(claim.kind, batch);
    }
    batch.add(claim, settle);
    if (batch.size < (this.#underWay === 0 ? FIRST_CALL : MAX_CLAIMS_PER_CALL)) return;
    this.#batches.delete(claim.kind);
    this.#send(batch);
  }

  readonly #sendAll = (): void => {
    for (const batch of this.#batches.values()) this.#send(batch);
    this.#batches.clear();
  };

  #send(batch: Batch): void {
    this.#underWay += 1;
    const settle = (reply: unknown) => {
      this.#underWay -= 1;
      batch.settle(Array.isArray(reply) ? reply : []);
    };
    // A RedisAway settles them all with no reply; the link has told it already.
    this.#link.run(TOKEN_BUCKET, batch.keys, [batch.numbers()]).then(settle, settle);
  }
}

/** One call of token-bucket.lua in the making; its header explains the layout. */
class Batch {
  readonly keys: string[] = [];
  readonly #indexes = new Map<string, number>();
  readonly #windows: number[] = [];
  readonly #sharedTakes: number[] = [];
  readonly #requests: number[] = [];
  readonly #claims: Claim[] = [];
  readonly #settles: Settle[] = [];

  /** @param first  any claim of the batch's kind: it tells the shared buckets */
  constructor(first: Claim) {
    for (const bucket of first.buckets.slice(first.buckets.length - first.shared)) {
      this.#indexOf(bucket);
      this.#sharedTakes.push(bucket.takeUs * TICKS_PER_US);
    }
  }

  get size(): number {
    return this.#claims.length;
  }

  add(claim: Claim, settle: Settle): void {
    const own = claim.buckets.length - claim.shared;
    this.#claims.push(claim);
    this.#settles.push(settle);
    this.#requests.push(claim.charge ? -own : own);
    for (let i = 0; i < own; i += 1) {
      const bucket = claim.buckets[i];
      if (bucket !== undefined) this.#requests.push(this.#indexOf(bucket), bucket.takeUs * TICKS_PER_US);
    }
  }

  numbers(): string {
    return JSON.stringify([
      this.#sharedTakes.length,
      ...this.#windows,
      ...this.#sharedTakes,
      ...this.#requests,
    ]);
  }

  /** Hands each claim its part of the reply; undefined where the reply has none. */
  settle(reply: readonly unknown[]): void {
    const shared =
      this.#sharedTakes.length === 0
        ? []
        : debtsOf(reply, reply.length - this.#sharedTakes.length, reply.length);
    let at = 0;
    for (let i = 0; i < this.#claims.length; i += 1) {
      const claim = this.#claims[i];
      if (claim === undefined) continue;
      const next = at + 1 + claim.buckets.length - claim.shared;
      const debtsUs = debtsOf(reply, at + 1, next).concat(shared);
      const whole = debtsUs.length === claim.buckets.length;
      this.#settles[i]?.(whole ? { allowed: reply[at] === 1, debtsUs, replicas: 1 } : undefined);
      at = next;
    }
  }

  #indexOf({ key, rate }: ClaimedBucket): number {
    const known = this.#indexes.get(key);
    if (known !== undefined) return known;
    const index = this.keys.push(key);
    this.#indexes.set(key, index);
    this.#windows.push(rate.windowUs * TICKS_PER_US);
    return index;
  }
}

function debtsOf(reply: readonly unknown[], from: number, to: number): number[] {
  const debtsUs: number[] = [];
  for (let i = Math.max(0, from); i < to; i += 1) {
    const ticks = reply[i];
    if (typeof ticks === "number") debtsUs.push(ticks / TICKS_PER_US);
  }
  return debtsUs;
}
