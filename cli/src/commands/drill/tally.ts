export interface Answered {
  readonly status: number;
  /** fresh, stale or grace, as the answer says. */
  readonly certainty: string;
  /** Of an answer that is trouble of ours; otherwise empty. */
  readonly code: string;
  readonly retryAfter: boolean;
  readonly ms: number;
  /** Since the phase began. */
  readonly atSeconds: number;
  /** Which stretch of time it was asked in. */
  readonly slice: number;
}

/** What one kind of visitor saw during one run. */
export interface Seen {
  /** By status, certainty and code, e.g. `200 stale`, `503 stale strict_unavailable`. */
  readonly answers: Map<string, number>;
  readonly times: number[];
  /** The same, by stretches of time. */
  readonly slices: Map<number, number[]>;
  /** No answer at all, by reason. */
  readonly failures: Map<string, number>;
  withoutRetryAfter: number;
  lastFreshAtSeconds: number;
}

export class Tally {
  readonly seen = new Map<string, Seen>();

  of(who: string): Seen {
    const known = this.seen.get(who);
    if (known !== undefined) return known;
    const made: Seen = {
      answers: new Map(),
      times: [],
      slices: new Map(),
      failures: new Map(),
      withoutRetryAfter: 0,
      lastFreshAtSeconds: 0,
    };
    this.seen.set(who, made);
    return made;
  }

  answered(who: string, { status, certainty, code, retryAfter, ms, atSeconds, slice }: Answered): void {
    const seen = this.of(who);
    const words = [String(status), certainty === "fresh" ? "" : certainty, code];
    bump(seen.answers, words.filter((word) => word !== "").join(" "));
    seen.times.push(ms);
    const times = seen.slices.get(slice);
    if (times === undefined) seen.slices.set(slice, [ms]);
    else times.push(ms);
    if ((status === 503 || status === 429) && !retryAfter) seen.withoutRetryAfter += 1;
    if (status < 400 && certainty === "fresh")
      seen.lastFreshAtSeconds = Math.max(seen.lastFreshAtSeconds, atSeconds);
  }

  failed(who: string, reason: string): void {
    bump(this.of(who).failures, reason);
  }

  /** How many answers have a status that `is` says yes to. */
  count(who: string, is: (status: number) => boolean): number {
    let sum = 0;
    for (const [answer, times] of this.of(who).answers) if (is(Number(answer.slice(0, 3)))) sum += times;
    return sum;
  }

  failures(who: string): number {
    return [...this.of(who).failures.values()].reduce((sum, times) => sum + times, 0);
  }

  /** Milliseconds that this share of the answers of these visitors did not exceed. */
  quantile(share: number, ...who: readonly string[]): number {
    return quantileOf(
      who.flatMap((one) => this.of(one).times),
      share,
    );
  }

  /** The median of the stretches' quantiles: what another program does to the machine for a moment spoils one of them. */
  typical(share: number, ...who: readonly string[]): number {
    const slices = new Map<number, number[]>();
    for (const one of who)
      for (const [slice, times] of this.of(one).slices)
        slices.set(slice, [...(slices.get(slice) ?? []), ...times]);
    return quantileOf(
      [...slices.values()].map((times) => quantileOf(times, share)),
      0.5,
    );
  }
}

function quantileOf(values: readonly number[], share: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? 0;
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
