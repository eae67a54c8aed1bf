import { type Rate, roundUpUs } from "./bucket.ts";

/** What one request asks of its buckets; decided as a whole or not at all. */
export interface Claim<Bucket extends ClaimedBucket = ClaimedBucket> {
  readonly buckets: readonly Bucket[];
  /** A charge is never refused: it takes what is there. The extra price of a failed attempt is one. */
  readonly charge: boolean;
  /** How many of the buckets, at the end, are shared: taken from by every request of the same kind. */
  readonly shared: number;
  /** Claims of one kind have the same shared buckets at the same price, and may be decided in one call. */
  readonly kind: object;
}

export interface ClaimedBucket {
  /** The bucket's key in Redis, and in the in-process fallback. */
  readonly key: string;
  readonly rate: Rate;
  /** Microseconds of refill this request costs in this bucket. */
  readonly takeUs: number;
}

/** How a claim was decided, whoever decided it. */
export interface Outcome {
  readonly allowed: boolean;
  /** For each bucket of the claim, in order: microseconds until it is full again, after the decision. */
  readonly debtsUs: readonly number[];
  /** Among how many replicas each bucket was divided: 1 when Redis decided for all of them. */
  readonly replicas: number;
}

/**
 * One replica's share of a bucket: a token takes `replicas` times as long to return, and the window stays.
 * The share holds at least the request itself: a bucket of five among eight replicas must let somebody in.
 */
export function shareOf(bucket: ClaimedBucket, replicas: number): { takeUs: number; windowUs: number } {
  if (replicas === 1) return { takeUs: bucket.takeUs, windowUs: bucket.rate.windowUs };
  const takeUs = roundUpUs(bucket.takeUs * replicas);
  return { takeUs, windowUs: Math.max(bucket.rate.windowUs, takeUs) };
}

/** Microseconds until a bucket with this debt can afford the same request again; 0 or less if it can now. */
export function waitUs(bucket: ClaimedBucket, debtUs: number, replicas: number): number {
  const share = shareOf(bucket, replicas);
  return debtUs + share.takeUs - share.windowUs;
}
