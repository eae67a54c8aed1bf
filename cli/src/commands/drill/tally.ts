export interface Answered {
  readonly status: number;
  /** fresh, stale or grace, as the answer says. */
  readonly certainty: string;
  readonly retryAfter: boolean;
  readonly ms: number;
  /** Since the run began. */
  readonly atSeconds: number;
}

/** What one kind of visitor saw during one run. */
export interface Seen {
  /** By status and certainty, e.g. `200 stale`. */
  readonly answers: Map<string, number>;
  readonly times: number[];
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
      failures: new Map(),
      withoutRetryAfter: 0,
      lastFreshAtSeconds: 0,
    };
    this.seen.set(who, made);
    return made;
  }

  answered(who: string, { status, certainty, retryAfter, ms, atSeconds }: Answered): void {
    const seen = this.of(who);
    bump(seen.answers, certainty === "fresh" ? String(status) : `${status} ${certainty}`);
    seen.times.push(ms);
    if (status === 503 && !retryAfter) seen.withoutRetryAfter += 1;
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
    const times = who.flatMap((one) => this.of(one).times).sort((a, b) => a - b);
    return times[Math.min(times.length - 1, Math.floor(times.length * share))] ?? 0;
  }
}

function bump(counts: Map<string, number>, key: string): void {
  counts.set(key, (counts.get(key) ?? 0) + 1);
}
