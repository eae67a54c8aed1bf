import type { BucketReading, Decision } from "./decision.ts";

/** Response fields of a decision, by lower-case name. */
export type LimitHeaders = Readonly<Record<string, string>>;

/**
 * RateLimit and RateLimit-Policy as structured fields (draft-ietf-httpapi-ratelimit-headers-11), and Retry-After
 * (RFC 9110 §10.2.3) on a refusal.
 *
 * `q` and `w` are a bucket's capacity and the seconds it takes to fill; `r` is what is left in the tightest bucket
 * and `t` the seconds until it is full again, or, on a refusal, until the same request is accepted. Only buckets
 * that count this caller are told: how full the class or the service is would help an attacker pace a flood.
 */
export function limitHeaders(decision: Decision): LimitHeaders {
  if (decision.kind === "allowed" && decision.wouldRefuse !== undefined) return {};
  const personal = decision.buckets.filter((bucket) => bucket.personal);
  const retryAfter = decision.kind === "refused" ? Math.ceil(decision.retryAfterMs / 1000) : undefined;
  const headers: Record<string, string> = {};
  if (retryAfter !== undefined) headers["retry-after"] = String(retryAfter);

  const tightest = tightestOf(decision, personal);
  if (tightest === undefined) return headers;
  headers["ratelimit-policy"] = personal.map(policyItem).join(", ");
  headers["ratelimit"] =
    `"${tightest.name}";r=${tightest.left};t=${retryAfter ?? Math.ceil(tightest.fullInMs / 1000)}`;
  return headers;
}

function policyItem({ name, rate }: BucketReading): string {
  return `"${name}";q=${rate.capacity};w=${Math.ceil(rate.windowUs / 1_000_000)}`;
}

/** On a refusal the bucket that refused, if the caller may know it; else the one with the smallest part left. */
function tightestOf(decision: Decision, personal: readonly BucketReading[]): BucketReading | undefined {
  if (decision.kind === "refused") return personal.find(({ scope }) => scope === decision.scope);
  return personal.reduce<BucketReading | undefined>((tightest, bucket) => {
    if (tightest === undefined) return bucket;
    return bucket.left / bucket.rate.capacity < tightest.left / tightest.rate.capacity ? bucket : tightest;
  }, undefined);
}
