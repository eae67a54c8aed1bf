import { type Claim, type Outcome, shareOf } from "./claim.ts";

/**
 * The buckets of one process, for when there is no Redis or it is away: the arithmetic of token-bucket.lua
 * at the limit divided by the number of replicas, so that all of them together give what Redis would.
 *
 * Bounded: beyond `maxBuckets` the bucket untouched for longest is forgotten. A flood of made-up names can
 * push out other made-up names, but not the class-wide and service-wide buckets, which every request touches.
 */
export class LocalBuckets {
  readonly #fullAtUs = new Map<string, number>();
  readonly #replicas: number;
  readonly #maxBuckets: number;

  constructor({ replicas, maxBuckets }: { readonly replicas: number; readonly maxBuckets: number }) {
    this.#replicas = replicas;
    this.#maxBuckets = maxBuckets;
  }

  get size(): number {
    return this.#fullAtUs.size;
  }

  /** Decides a claim at `nowUs`, a monotonic time in microseconds. Refused claims take nothing from any bucket. */
  decide(claim: Claim, nowUs: number): Outcome {
    const shares = claim.buckets.map((bucket) => shareOf(bucket, this.#replicas));
    const debts = claim.buckets.map((bucket, i) => this.#debt(bucket.key, shares[i]?.windowUs ?? 0, nowUs));
    const allowed =
      claim.charge || shares.every(({ takeUs, windowUs }, i) => (debts[i] ?? 0) + takeUs <= windowUs);
    if (!allowed) return { allowed, debtsUs: debts, replicas: this.#replicas };
    const after = shares.map(({ takeUs, windowUs }, i) => Math.min((debts[i] ?? 0) + takeUs, windowUs));
    claim.buckets.forEach((bucket, i) => {
      this.#store(bucket.key, nowUs + (after[i] ?? 0), nowUs);
    });
    return { allowed, debtsUs: after, replicas: this.#replicas };
  }

  #debt(key: string, windowUs: number, nowUs: number): number {
    const fullAtUs = this.#fullAtUs.get(key);
    return fullAtUs === undefined ? 0 : Math.min(Math.max(0, fullAtUs - nowUs), windowUs);
  }

  #store(key: string, fullAtUs: number, nowUs: number): void {
    this.#fullAtUs.delete(key);
    this.#fullAtUs.set(key, fullAtUs);
    if (this.#fullAtUs.size <= this.#maxBuckets) return;
    for (const [oldest, oldestFullAtUs] of this.#fullAtUs) {
      // Full buckets at the head cost nothing to forget; the first one that is not full ends the sweep.
      if (this.#fullAtUs.size <= this.#maxBuckets && oldestFullAtUs > nowUs) break;
      this.#fullAtUs.delete(oldest);
    }
  }
}
