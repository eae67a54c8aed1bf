import { table } from "../../io.ts";
import { SLICE_SECONDS } from "./load.ts";
import { type Outcome, VISITORS } from "./promises.ts";
import type { Seen } from "./tally.ts";

/** A block for each run: what every kind of visitor saw, how fast, and what Auth heard. */
export function reportOf(outcome: Outcome): string {
  const { title, seconds, tally, quiet, asked, backSeconds, addedP99Ms } = outcome;
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
  ])}  guests and signed in together: p99 of ${SLICE_SECONDS} s, median, ${signed(addedP99Ms)}. Auth was asked ${asked.background} times by the background (${asked.connections} connections) and ${asked.fromRequests} times by requests. All fresh again ${back}.\n`;
}

/** The last lines: everything together, since a promise is about all of it. */
export function totalOf(outcomes: readonly Outcome[]): string {
  const served = [VISITORS.guest, VISITORS.member];
  const during = outcomes.flatMap(({ tally, back }) => [tally, back]);
  const sum = (of: (who: string, tally: Outcome["tally"]) => number) =>
    during.reduce((total, tally) => total + served.reduce((part, who) => part + of(who, tally), 0), 0);
  const answered = sum((who, tally) => tally.count(who, () => true));
  const failures = sum((who, tally) => tally.failures(who));
  const errors = failures + sum((who, tally) => tally.count(who, (status) => status >= 300));
  const worst = (of: (outcome: Outcome) => number) => Math.max(...outcomes.map(of));
  return `\nIn all ${(answered + failures).toLocaleString("en")} requests of guests and signed-in viewers from the beginning of each fault until all was fresh again: ${errors.toLocaleString("en")} errors, typical p99 ${signed(worst(({ addedP99Ms }) => addedP99Ms))} at worst. Strict routes answered in ${worst(({ tally }) => tally.quantile(0.99, VISITORS.strict)).toFixed(1)} ms (p99). ${worst(({ asked }) => asked.fromRequests)} requests reached for Auth.\n`;
}

export function answersOf({ answers, failures }: Seen): string {
  const parts = [...answers].sort(([a], [b]) => a.localeCompare(b));
  return [...parts, ...failures].map(([what, times]) => `${what} ×${times.toLocaleString("en")}`).join(", ");
}

function signed(ms: number): string {
  return `${ms < 0 ? "−" : "+"}${Math.abs(ms).toFixed(1)} ms`;
}
