export type CounterName =
  /** By kind, certainty, because: every request, once. */
  | "guard_callers"
  /** By code: requests that a policy refused. */
  | "guard_refusals"
  /** By fault: what was wrong with a token; finer than the code the client sees. */
  | "guard_token_faults"
  /** By probe (keys, feed, readiness) and outcome. */
  | "guard_probes"
  /** By type: what the feed said. */
  | "guard_feed_events"
  /** By state: entered states. */
  | "guard_state_changes"
  /** By operation (read, write) and outcome: the copy on disk. */
  | "guard_disk";

/** Read at scrape time, so that ages are true at that moment. */
export interface GuardGauges {
  /** Milliseconds since Auth last said anything on the feed; undefined before the first snapshot. */
  readonly knowledgeAgeMs: number | undefined;
  /** Milliseconds since the keys were last fetched; undefined without keys. */
  readonly keysAgeMs: number | undefined;
  readonly revokedSessions: number;
  readonly revokedAccounts: number;
  readonly rememberedTokens: number;
  /** Auth's clock minus ours, in milliseconds, to the second; undefined before the first answer. */
  readonly clockSkewMs: number | undefined;
  /** Milliseconds since Auth was last alive, while it is proven away; else 0. */
  readonly outageMs: number;
}

/** Where the guard counts. Label values are few and fixed. May throw: the guard goes on. */
export interface GuardMetrics {
  count(name: CounterName, labels: Readonly<Record<string, string>>): void;
  /** Called once, with a function to read the gauges by. */
  gauges?(read: () => GuardGauges): void;
}

/** Counting must never decide a request. */
export function harmless(metrics: GuardMetrics | undefined): GuardMetrics["count"] {
  if (metrics === undefined) return () => {};
  return (name, labels) => {
    try {
      metrics.count(name, labels);
    } catch {
      // A broken counter is seen by whoever reads it; the viewer must not see it.
    }
  };
}
