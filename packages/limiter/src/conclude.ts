import { takeOf, tokensLeft } from "./bucket.ts";
import { type ClaimedBucket, type Outcome, waitUs } from "./claim.ts";
import type { Allowed, Ask, BucketReading, DecidedBy, Refused } from "./decision.ts";
import type { Place } from "./places.ts";
import type { Plan, PlannedBucket } from "./plan.ts";

/** A bucket of the plan that this request falls under, with the name it goes by there. */
export interface AskedBucket extends ClaimedBucket {
  readonly planned: PlannedBucket;
  readonly name: string;
}

/** Longer names than any e-mail are cut: what a client chose must not fill the memory. */
const MAX_NAME_LENGTH = 512;

export function costOf(plan: Plan, ask: Ask): number {
  return ask.cost !== undefined && ask.cost > 0 ? ask.cost : plan.cost;
}

/** What the request is called in this bucket; undefined if the bucket does not count it, "" if it counts everybody. */
export function nameOf({ scope }: PlannedBucket, ask: Ask, place: Place): string | undefined {
  switch (scope) {
    case "address":
      return place.address;
    case "network":
      return place.network;
    case "account":
      return ask.account?.slice(0, MAX_NAME_LENGTH);
    case "pair":
      return ask.account === undefined
        ? undefined
        : `${place.address} ${ask.account.slice(0, MAX_NAME_LENGTH)}`;
    case "key":
      return ask.key?.slice(0, MAX_NAME_LENGTH);
    case "class":
    case "service":
      return "";
  }
}

/** Looks a request up among the known offenders of its buckets. */
export function recall(plan: Plan, ask: Ask, place: Place, nowUs: number): Refused | undefined {
  if (place.allowed) return undefined;
  const cost = costOf(plan, ask);
  let longestUs = 0;
  let worst: PlannedBucket | undefined;
  for (const bucket of plan.buckets) {
    if (bucket.offenders.size === 0) continue;
    const name = nameOf(bucket, ask, place);
    if (name === undefined) continue;
    const { rate } = bucket;
    const remainingUs = bucket.offenders.waitUs(name, takeOf(rate, cost), nowUs);
    if (remainingUs > longestUs) {
      longestUs = remainingUs;
      worst = bucket;
    }
  }
  return worst === undefined ? undefined : recalled(plan, cost, worst, longestUs);
}

/** Remembers whoever could not do the same again right now. `sentUs` is before Redis was asked, so never too long. */
export function remember(buckets: readonly AskedBucket[], outcome: Outcome, sentUs: number): void {
  buckets.forEach(({ planned, name, rate, takeUs }, i) => {
    const debtUs = outcome.debtsUs[i] ?? 0;
    if (debtUs + takeUs > rate.windowUs) planned.offenders.remember(name, sentUs + debtUs - rate.windowUs);
  });
}

/** Whether every bucket, as the outcome left it, could do the same again. */
export function affords(buckets: readonly ClaimedBucket[], { debtsUs, replicas }: Outcome): boolean {
  return buckets.every((bucket, i) => waitUs(bucket, debtsUs[i] ?? 0, replicas) <= 0);
}

/** Puts an outcome into the words of a decision. */
export function conclude(
  { className, cost }: { readonly className: string; readonly cost: number },
  buckets: readonly AskedBucket[],
  outcome: Outcome,
  decidedBy: DecidedBy,
): Allowed | Refused {
  const readings = buckets.map((bucket, i) => read(bucket, outcome.debtsUs[i] ?? 0, outcome.replicas));
  const common = { class: className, cost, decidedBy, buckets: readings };
  if (outcome.allowed) return { kind: "allowed", ...common };
  const waits = buckets.map((bucket, i) => waitUs(bucket, outcome.debtsUs[i] ?? 0, outcome.replicas));
  const longestUs = Math.max(...waits);
  const scope = buckets[waits.indexOf(longestUs)]?.planned.scope ?? "class";
  return { kind: "refused", ...common, retryAfterMs: Math.max(1, Math.ceil(longestUs / 1000)), scope };
}

function recalled({ className }: Plan, cost: number, bucket: PlannedBucket, remainingUs: number): Refused {
  const { rate, scope, name, personal } = bucket;
  const debtUs = rate.windowUs - takeOf(rate, cost) + remainingUs;
  return {
    kind: "refused",
    class: className,
    cost,
    decidedBy: "memory",
    retryAfterMs: Math.ceil(remainingUs / 1000),
    scope,
    buckets: [
      { name, scope, personal, rate, left: tokensLeft(rate, debtUs), fullInMs: Math.ceil(debtUs / 1000) },
    ],
  };
}

function read({ planned, rate }: AskedBucket, debtUs: number, replicas: number): BucketReading {
  return {
    name: planned.name,
    scope: planned.scope,
    personal: planned.personal,
    rate,
    left: Math.floor(tokensLeft(rate, debtUs) / replicas),
    fullInMs: Math.ceil(debtUs / 1000),
  };
}
