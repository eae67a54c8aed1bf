import { randomInt } from "node:crypto";
import { takeOf } from "./bucket.ts";
import type { Claim, Outcome } from "./claim.ts";
import { type AskedBucket, affords, conclude, costOf, nameOf, recall, remember } from "./conclude.ts";
import { connectRedis } from "./connect.ts";
import type { Allowed, Ask, DecidedBy, Decision, Refused } from "./decision.ts";
import { Keys } from "./keys.ts";
import { LocalBuckets } from "./local-buckets.ts";
import type { Place } from "./places.ts";
import { type Plan, type Plans, planFor } from "./plan.ts";
import { DEFAULT_POLICIES, type Policies } from "./policies.ts";
import { RedisBuckets, TOKEN_BUCKET } from "./redis-buckets.ts";
import { type RedisClient, RedisLink } from "./redis-link.ts";

/**
 * Who decides at the moment: Redis for all replicas; this process because no Redis was configured; or this process
 * because Redis is away.
 */
export type Mode = "redis" | "local" | "degraded";

export interface LimiterOptions {
  /** Redis or Valkey: URL(s) as for `connectRedis`, a client made by it, or undefined for no Redis at all. */
  readonly redis?: string | RedisClient | undefined;
  /** Names this service's buckets in a shared Redis, and is the hash tag on a cluster. a-z, 0-9, "-". */
  readonly namespace: string;
  /** Mixed into hashed keys, so that a dump of Redis cannot be searched for addresses and e-mails. */
  readonly secret: string;
  readonly policies?: Policies;
  /** How many replicas share the limits when Redis cannot count for them. Default 1. */
  readonly replicas?: number;
  /** Milliseconds to wait for Redis, 1-100; default 75. */
  readonly deadlineMs?: number;
  /** Known offenders remembered for each bucket of each class; default 10 000. */
  readonly maxOffenders?: number;
  /** Buckets kept in the process when Redis is away or absent; default 100 000. */
  readonly maxLocalBuckets?: number;
  /** Told of every decision, for metrics. Must be quick; what it throws is dropped. */
  readonly onDecision?: (decision: Decision) => void;
  /** Told when the mode changes, and why. */
  readonly onMode?: (mode: Mode, because: string) => void;
  /** Monotonic milliseconds. */
  readonly clock?: () => number;
  /** 0 ≤ x < 1. */
  readonly random?: () => number;
}

/** Charges and looks touch no shared buckets, so all of them are of one kind. */
const CHARGES = {};
const LOOKS = {};
const RANDOM_STEPS = 2 ** 32;

/**
 * Decides whether a request may go on.
 *
 * Never opens and never throws: whatever happens to Redis, a request gets a decision, at worst by this process
 * alone at its share of the limit.
 */
export class Limiter {
  readonly #keys: Keys;
  readonly #local: LocalBuckets;
  readonly #link: RedisLink | undefined;
  readonly #redis: RedisBuckets | undefined;
  readonly #ownClient: RedisClient | undefined;
  readonly #clock: () => number;
  readonly #maxOffenders: number;
  readonly #onDecision: ((decision: Decision) => void) | undefined;
  #plans: Plans;

  /** @throws RangeError on an option out of bounds */
  constructor(options: LimiterOptions) {
    const replicas = within("replicas", options.replicas ?? 1, 1, 10_000);
    const deadlineMs = within("deadlineMs", options.deadlineMs ?? 75, 1, 100);
    this.#maxOffenders = within("maxOffenders", options.maxOffenders ?? 10_000, 1, 10_000_000);
    const maxBuckets = within("maxLocalBuckets", options.maxLocalBuckets ?? 100_000, 100, 10_000_000);
    this.#keys = new Keys(options);
    this.#clock = options.clock ?? (() => performance.now());
    this.#onDecision = options.onDecision;
    this.#plans = planFor(options.policies ?? DEFAULT_POLICIES, this.#keys, this.#maxOffenders);
    this.#local = new LocalBuckets({ replicas, maxBuckets });
    if (options.redis === undefined) return;

    const client = typeof options.redis === "string" ? connectRedis(options.redis) : options.redis;
    if (typeof options.redis === "string") this.#ownClient = client;
    this.#link = new RedisLink({
      client,
      deadlineMs,
      clock: () => performance.now(),
      random: options.random ?? (() => randomInt(RANDOM_STEPS) / RANDOM_STEPS),
      probe: {
        script: TOKEN_BUCKET,
        key: this.#keys.prefix("probe", "all"),
        args: ["[0,16000,1,1,16000]"],
      },
      onChange: (away, because) => quietly(() => options.onMode?.(away ? "degraded" : "redis", because)),
    });
    this.#redis = new RedisBuckets(this.#link);
  }

  get mode(): Mode {
    if (this.#link === undefined) return "local";
    return this.#link.away ? "degraded" : "redis";
  }

  get policies(): Policies {
    return this.#plans.policies;
  }

  /** Puts other limits in force at once. Callers keep what they have already taken; remembered refusals lapse. */
  setPolicies(policies: Policies): void {
    this.#plans = planFor(policies, this.#keys, this.#maxOffenders);
  }

  /**
   * Refuses without a round trip whoever is known to be over a limit; undefined for everybody else. Takes nothing, so it may be asked
   * early (before a body is read) and again by `decide`.
   */
  known(ask: Ask): Refused | undefined {
    const plan = this.#plans.of(ask.class);
    if (plan.dryRun) return undefined;
    const place = this.#plans.places.of(ask.address);
    const refused = recall(plan, ask, place, this.#clock() * 1000) ?? this.#lookAlone(plan, ask, place);
    if (refused !== undefined) this.#report(refused);
    return refused;
  }

  /** Decides a request against all buckets of its class together, and takes its tokens if they all let it in. */
  decide(ask: Ask): Promise<Decision> {
    const { places, of } = this.#plans;
    const plan = of(ask.class);
    const place = places.of(ask.address);
    const known = recall(plan, ask, place, this.#clock() * 1000);
    if (known !== undefined) return Promise.resolve(this.#tell(plan, known));
    if (place.allowed) return Promise.resolve(this.#tell(plan, onAllowList(plan, ask)));
    const claim = this.#claim(plan, ask, place, false);
    const asked = { className: plan.className, cost: costOf(plan, ask) };
    return new Promise((resolve) => {
      this.#settle(claim, (outcome, by) => {
        resolve(this.#tell(plan, conclude(asked, claim.buckets, outcome, by)));
      });
    });
  }

  /**
   * What `decide` would refuse at this moment for a bucket that counts this caller, taking nothing: for limits on
   * something that is charged only when it has gone wrong. Undefined if it would let the request in.
   */
  peek(ask: Ask): Promise<Refused | undefined> {
    const { places, of } = this.#plans;
    const plan = of(ask.class);
    const place = places.of(ask.address);
    if (plan.dryRun || place.allowed) return Promise.resolve(undefined);
    const known = this.known(ask);
    if (known !== undefined) return Promise.resolve(known);
    const { buckets, look, seen } = this.#look(plan, ask, place);
    const nowUs = this.#clock() * 1000;
    return new Promise((resolve) => {
      this.#settle(look, (outcome, by) => {
        if (by === "redis") remember(buckets, outcome, nowUs);
        resolve(seen(outcome, by));
      });
    });
  }

  /**
   * Takes tokens after the fact from the buckets that count this caller: the extra price of a failed attempt. Never
   * refused, empties a bucket at worst; the shared buckets are spared, or failing on purpose would hurt the others.
   */
  charge(ask: Ask): Promise<void> {
    const { places, of } = this.#plans;
    const plan = of(ask.class);
    const place = places.of(ask.address);
    if (place.allowed) return Promise.resolve();
    const claim = this.#claim(plan, ask, place, true);
    if (claim.buckets.length === 0) return Promise.resolve();
    return new Promise((resolve) => this.#settle(claim, () => resolve()));
  }

  /** Stops probing and closes the connection if the limiter made it. Decisions go on, locally. */
  close(): void {
    this.#link?.close();
    this.#ownClient?.disconnect();
  }

  /**
   * While this process decides, nobody is remembered, for Redis may be back sooner with more room; its own buckets say who would
   * be refused.
   */
  #lookAlone(plan: Plan, ask: Ask, place: Place): Refused | undefined {
    if (this.mode === "redis" || place.allowed) return undefined;
    const { look, seen } = this.#look(plan, ask, place);
    return seen(this.#local.decide(look, this.#clock() * 1000), "local");
  }

  /** A claim on the buckets that count this caller which takes nothing, and what its outcome would mean for a real one. */
  #look(plan: Plan, ask: Ask, place: Place) {
    const { buckets } = this.#claim(plan, ask, place, true);
    const look = { buckets: buckets.map(free), charge: false, shared: 0, kind: LOOKS };
    const asked = { className: plan.className, cost: costOf(plan, ask) };
    const seen = (outcome: Outcome, by: DecidedBy): Refused | undefined => {
      const decision = conclude(asked, buckets, { ...outcome, allowed: affords(buckets, outcome) }, by);
      return decision.kind === "refused" ? decision : undefined;
    };
    return { buckets, look, seen };
  }

  #settle(claim: Claim<AskedBucket>, tell: (outcome: Outcome, by: DecidedBy) => void): void {
    const nowUs = this.#clock() * 1000;
    const alone = () => tell(this.#local.decide(claim, nowUs), "local");
    if (this.#redis === undefined) {
      alone();
      return;
    }
    this.#redis.decide(claim, (outcome) => {
      if (outcome === undefined) {
        alone();
        return;
      }
      remember(claim.buckets, outcome, nowUs);
      tell(outcome, "redis");
    });
  }

  #claim(plan: Plan, ask: Ask, place: Place, charge: boolean): Claim<AskedBucket> {
    const cost = costOf(plan, ask);
    const buckets: AskedBucket[] = [];
    let shared = 0;
    for (const planned of plan.buckets) {
      const name = charge && !planned.personal ? undefined : nameOf(planned, ask, place);
      if (name === undefined) continue;
      const { rate, keyPrefix } = planned;
      if (!planned.personal) shared += 1;
      const key = planned.personal ? `${keyPrefix}:${this.#keys.digest(name)}` : keyPrefix;
      buckets.push({ planned, name, key, rate, takeUs: takeOf(rate, cost) });
    }
    return { buckets, charge, shared, kind: charge ? CHARGES : plan.kindOf(cost) };
  }

  #tell(plan: Plan, decision: Decision): Decision {
    const told = plan.dryRun && decision.kind === "refused" ? onlyReported(decision) : decision;
    this.#report(told);
    return told;
  }

  #report(decision: Decision): void {
    const tell = this.#onDecision;
    if (tell !== undefined) quietly(() => tell(decision));
  }
}

function free(bucket: AskedBucket): AskedBucket {
  return { ...bucket, takeUs: 0 };
}

function onAllowList(plan: Plan, ask: Ask): Allowed {
  const cost = costOf(plan, ask);
  return { kind: "allowed", class: plan.className, cost, decidedBy: "allow-list", buckets: [] };
}

function onlyReported(wouldRefuse: Refused): Allowed {
  const { class: className, cost, decidedBy, buckets } = wouldRefuse;
  return { kind: "allowed", class: className, cost, decidedBy, buckets, wouldRefuse };
}

function within(name: string, value: number, min: number, max: number): number {
  if (value >= min && value <= max) return value;
  throw new RangeError(`${name} must be from ${min} to ${max}, not ${value}`);
}

/** Observers are conveniences: their failures must not become a request's. */
function quietly(tell: () => void): void {
  try {
    tell();
  } catch {
    // The observer's own fault; there is nobody here to report it to.
  }
}
