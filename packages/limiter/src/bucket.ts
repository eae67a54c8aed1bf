/** One token bucket as an operator writes it: `capacity` at once, then `refill` tokens every `perSeconds`. */
export interface BucketPolicy {
  /** Tokens in a full bucket: the burst that is let through at once. */
  readonly capacity: number;
  /** Tokens that come back every `perSeconds`. */
  readonly refill: number;
  readonly perSeconds: number;
}

/** The same bucket in the arithmetic of the Lua scripts: microseconds, in steps of 1/16. */
export interface Rate {
  readonly capacity: number;
  /** Microseconds in which one token comes back. */
  readonly intervalUs: number;
  /** Microseconds from empty to full. */
  readonly windowUs: number;
}

/** The scripts count in whole ticks of 1/16 µs. */
export const TICKS_PER_US = 16;

/**
 * Rounds a span up to 1/16 µs. Up, so that no rounding ever adds a token; a sixteenth, so that a bucket of
 * 30 000 a second still gets 99.9 % of what it was promised and the sums stay exact in a double.
 */
export function roundUpUs(us: number): number {
  return Math.ceil(us * TICKS_PER_US) / TICKS_PER_US;
}

export function rateOf(policy: BucketPolicy): Rate {
  const intervalUs = roundUpUs((policy.perSeconds * 1_000_000) / policy.refill);
  return { capacity: policy.capacity, intervalUs, windowUs: roundUpUs(policy.capacity * intervalUs) };
}

/**
 * Microseconds of refill that `cost` tokens are worth. A cost above the capacity asks for a full bucket,
 * because more than that could never be had and the caller would be told to wait in vain.
 */
export function takeOf(rate: Rate, cost: number): number {
  return Math.min(roundUpUs(cost * rate.intervalUs), rate.windowUs);
}

/** Whole tokens left in a bucket that needs `debtUs` more microseconds to be full. */
export function tokensLeft(rate: Rate, debtUs: number): number {
  return Math.max(0, Math.floor((rate.windowUs - debtUs) / rate.intervalUs));
}
