import { type Claim, type Outcome, shareOf } from "./claim.ts";
import { Recent } from "./recent.ts";

/**
 * The buckets of one process, for when there is no Redis or it is away: the arithmetic of token-bucket.lua
 * at the limit divided by the number of replicas, so that all of them together give what Redis would.
 *
 * Bounded: beyond `maxBuckets` the buckets untouched for longest are forgotten. A flood of made-up names can
 * push out other made-up names, but not the class-wide and service-wide buckets, which every request touches.
 */
export class LocalBuckets {
  readonly #fullAtUs: Recent<number>;
  readonly #replicas: number;

  constructor({ replicas, maxBuckets }: { readonly replicas: number; readonly maxBuckets: number }) {
    this.#replicas = replicas;
    this.#fullAtUs = new Recent(maxBuckets);
  }

  /** Decides a claim at `nowUs`, a monotonic time in microseconds. Refused claims take nothing from any bucket. */
  decide(claim: Claim, nowUs: number): Outcome {
    const shares = claim.buckets.map((bucket) => shareOf(bucket, this.#replicas));
    const debts = claim.buckets.map(({ key }, i) => this.#debt(key, shares[i]?.windowUs ?? 0, nowUs));
    const allowed =
      claim.charge || shares.every(({ takeUs, windowUs }, i) => (debts[i] ?? 0) + takeUs <= windowUs);
    if (!allowed) return { allowed, debtsUs: debts, replicas: this.#replicas };
    const after = shares.map(({ takeUs, windowUs }, i) => Math.min((debts[i] ?? 0) + takeUs, windowUs));
    // Who only looks leaves no trace.
    for (const [i, { key, takeUs }] of claim.buckets.entries())
      if (takeUs > 0) this.#fullAtUs.set(key, nowUs + (after[i] ?? 0));
    return { allowed, debtsUs: after, replicas: this.#replicas };
  }

  #debt(key: string, windowUs: number, nowUs: number): number {
    const fullAtUs = this.#fullAtUs.get(key);
    return fullAtUs === undefined ? 0 : Math.min(Math.max(0, fullAtUs - nowUs), windowUs);
  }
}
