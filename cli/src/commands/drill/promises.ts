import type { Asked } from "./ground.ts";
import type { Tally } from "./tally.ts";

/** What one fault did to everybody. */
export interface Outcome {
  readonly title: string;
  readonly seconds: number;
  readonly tally: Tally;
  /** The same visitors right before and right after, with Auth well. */
  readonly quiet: Tally;
  /** From the end of the fault until everything was fresh again. */
  readonly back: Tally;
  /** Typical p99 of guests and signed in during the fault, less that of the quiet ones, in milliseconds. */
  readonly addedP99Ms: number;
  readonly asked: Asked;
  /** Seconds until everything was fresh again after Auth could be reached; undefined: not within half a minute. */
  readonly backSeconds: number | undefined;
}

export const VISITORS = {
  guest: "guests",
  member: "signed in",
  expiredReads: "just run out, reading",
  expiredActs: "just run out, acting",
  strict: "strict route",
} as const;

/** An outage is proven within 10 s and knowledge counts as current for 15 s: after that nobody may be sure any more. */
const UNSURE_AFTER_SECONDS = 18;
const BACK_SECONDS = 5;
const STRICT_MS = 300;
/** A feed attempt each second, two questions whether Auth is ready in five, a key fetch every ten, for each of two services, and some for the beginning. */
const MOST_BACKGROUND = (seconds: number) => 2 * (1.5 * seconds + 5);

/** What was promised and not kept, in words; empty where all of it held. */
export function broken(outcome: Outcome, mostAddedMs: number): readonly string[] {
  const { tally, back, seconds, asked, addedP99Ms, backSeconds } = outcome;
  const { guest, member, expiredReads, expiredActs, strict } = VISITORS;
  const notGood = (who: string, during = tally) =>
    during.count(who, (status) => status >= 300) + during.failures(who);
  const onTheWayBack = notGood(guest, back) + notGood(member, back);
  const odd = (who: string) =>
    tally.count(who, (status) => status >= 300 && status !== 503) + tally.failures(who);
  const checks: readonly (readonly [boolean, string])[] = [
    [notGood(guest) === 0, `${notGood(guest)} requests of guests did not succeed`],
    [notGood(member) === 0, `${notGood(member)} requests of signed-in viewers did not succeed`],
    [notGood(expiredReads) === 0, `${notGood(expiredReads)} reads with a token that ran out did not succeed`],
    [onTheWayBack === 0, `${onTheWayBack} requests did not succeed while Auth came back`],
    [odd(expiredActs) === 0, `${odd(expiredActs)} acts with a token that ran out were neither done nor 503`],
    [odd(strict) === 0, `${odd(strict)} strict requests were answered otherwise than 200 or 503`],
    [
      tally.of(strict).withoutRetryAfter + tally.of(expiredActs).withoutRetryAfter === 0,
      "a 503 came without Retry-After",
    ],
    [tally.quantile(0.99, strict) <= STRICT_MS, `strict routes took more than ${STRICT_MS} ms (p99)`],
    [
      tally.of(strict).lastFreshAtSeconds <= UNSURE_AFTER_SECONDS,
      `a strict route was still sure after ${tally.of(strict).lastFreshAtSeconds.toFixed(1)} s`,
    ],
    [addedP99Ms <= mostAddedMs, `p99 grew by ${addedP99Ms.toFixed(1)} ms (at most ${mostAddedMs})`],
    [asked.fromRequests === 0, `${asked.fromRequests} requests reached for Auth`],
    [
      asked.background <= MOST_BACKGROUND(seconds),
      `the background asked Auth ${asked.background} times in ${seconds.toFixed(0)} s`,
    ],
    [
      backSeconds !== undefined && backSeconds <= BACK_SECONDS,
      `everything was fresh again only after ${backSeconds?.toFixed(1) ?? "more than 30"} s`,
    ],
  ];
  return checks.filter(([held]) => !held).map(([, words]) => words);
}
