import { table } from "../../io.ts";
import { type Outcome, VISITORS } from "./promises.ts";
import type { Seen, Tally } from "./tally.ts";

/** A block for each run: what every kind of visitor saw, how fast, and what Auth heard. */
export function reportOf(outcome: Outcome, quiet: Tally): string {
  const { title, seconds, tally, asked, backSeconds, addedP99Ms } = outcome;
  const rows = Object.values(VISITORS)
    .filter((who) => tally.seen.has(who))
    .map((who) => {
      const seen = tally.of(who);
      const p99 = tally.quantile(0.99, who);
      const added = quiet.seen.has(who) ? signed(p99 - quiet.quantile(0.99, who)) : "";
      return ["", who, answersOf(seen), String(tally.failures(who)), `${p99.toFixed(1)} ms`, added];
    });
  const back = backSeconds === undefined ? "not within 30 s" : `in ${backSeconds.toFixed(1)} s`;
  return `\n${title}, ${seconds.toFixed(0)} s\n${table([
    ["", "WHO", "ANSWERS", "ERRORS", "P99", "ADDED"],
    ...rows,
  ])}  guests and signed in together: p99 ${signed(addedP99Ms)}. Auth was asked ${asked.background} times by the background (${asked.connections} connections) and ${asked.fromRequests} times by requests. All fresh again ${back}.\n`;
}

function answersOf({ answers, failures }: Seen): string {
  const parts = [...answers].sort(([a], [b]) => a.localeCompare(b));
  return [...parts, ...failures].map(([what, times]) => `${what} ×${times.toLocaleString("en")}`).join(", ");
}

function signed(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${Math.abs(ms).toFixed(1)} ms`;
}
