import type { Guard, GuardGauges, GuardMetrics, GuardState } from "@kinopass/guard";
import { type CounterInstrument, meter } from "@kinopass/tracing";

const STATES: readonly GuardState[] = ["starting", "fresh", "stale", "away"];

/** Where the guard counts; its names, with a prefix, become ours. */
export function guardCounters(): GuardMetrics {
  const counters = new Map<string, CounterInstrument>();
  return {
    count(name, labels) {
      const found = counters.get(name) ?? meter().counter(`kinopass.${name.replace("_", ".")}`);
      counters.set(name, found);
      found.add(1, labels);
    },
  };
}

/** Shows how sure the guard is at the moment, and how old what it knows. Call it once a process. */
export function observeGuard(guard: Guard): void {
  const state = { description: "How sure the guard is: 1 for the state in force" };
  meter().observe("kinopass.guard.state", state, () =>
    STATES.map((name) => [guard.status().state === name ? 1 : 0, { state: name }] as const),
  );
  const seconds = (name: string, description: string, read: (gauges: GuardGauges) => number | undefined) =>
    meter().observe(`kinopass.guard.${name}`, { unit: "s", description }, () => {
      const ms = read(guard.status());
      return ms === undefined ? [] : [[ms / 1000]];
    });
  seconds("revocation_lag", "Since Auth last said anything on the feed", (now) => now.knowledgeAgeMs);
  seconds("keys_age", "Since the keys were last fetched", (now) => now.keysAgeMs);
  seconds("clock_skew", "Auth's clock minus ours", (now) => now.clockSkewMs);
  seconds("outage", "Since Auth was last alive, while it is proven away", (now) => now.outageMs);
  const known = { description: "What the guard remembers, by kind" };
  meter().observe("kinopass.guard.remembered", known, () => {
    const { revokedSessions, revokedAccounts, rememberedTokens } = guard.status();
    return [
      [revokedSessions, { kind: "revoked_sessions" }],
      [revokedAccounts, { kind: "revoked_accounts" }],
      [rememberedTokens, { kind: "tokens" }],
    ];
  });
}
