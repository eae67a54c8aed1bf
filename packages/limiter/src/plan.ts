import { type BucketPolicy, type Rate, rateOf } from "./bucket.ts";
import type { Keys } from "./keys.ts";
import { Offenders } from "./offenders.ts";
import { Places } from "./places.ts";
import { CLASS_SCOPES, type Policies, type Scope } from "./policies.ts";

/** A bucket of a route class, ready to be decided. */
export interface PlannedBucket {
  readonly scope: Scope;
  /** Its name in the RateLimit fields, e.g. "sign-in.address". */
  readonly name: string;
  readonly rate: Rate;
  readonly keyPrefix: string;
  /** Who is known to be over this bucket's limit. */
  readonly offenders: Offenders;
  /** Counts one caller. The caller is told about these; the state of shared buckets is nobody's business. */
  readonly personal: boolean;
}

/** A route class, ready to be decided. */
export interface Plan {
  readonly className: string;
  readonly cost: number;
  readonly dryRun: boolean;
  readonly buckets: readonly PlannedBucket[];
  /** What requests of this class at this cost have in common (see Claim.kind). */
  readonly kindOf: (cost: number) => object;
}

/** More prices than the routes of a class have; beyond it requests are simply not decided together. */
const MAX_KINDS = 64;

/** Policies made ready. Built anew for every change, so nobody is held to a limit that no longer stands. */
export interface Plans {
  readonly policies: Policies;
  readonly places: Places;
  /** The plan of a class; that of the default class if there is no such class. */
  readonly of: (className: string) => Plan;
}

/** @param maxOffenders  remembered for each bucket of each class */
export function planFor(policies: Policies, keys: Keys, maxOffenders: number): Plans {
  const bucket = (scope: Scope, className: string, policy: BucketPolicy): PlannedBucket => ({
    scope,
    name: scope === "service" ? "service" : `${className}.${scope}`,
    rate: rateOf(policy),
    keyPrefix: keys.prefix(scope, className),
    offenders: new Offenders(maxOffenders),
    personal: scope !== "class" && scope !== "service",
  });
  const shared = policies.service === undefined ? [] : [bucket("service", "all", policies.service)];
  const plans = new Map<string, Plan>();
  for (const [className, { buckets, cost, dryRun }] of Object.entries(policies.classes)) {
    const own = CLASS_SCOPES.flatMap((scope) => {
      const policy = buckets[scope];
      return policy === undefined ? [] : [bucket(scope, className, policy)];
    });
    plans.set(className, {
      className,
      cost,
      dryRun: dryRun || policies.dryRun,
      buckets: [...own, ...shared],
      kindOf: kinds(),
    });
  }
  const fallback = plans.get(policies.defaultClass);
  if (fallback === undefined) throw new RangeError(`no class ${JSON.stringify(policies.defaultClass)}`);
  return { policies, places: new Places(policies), of: (className) => plans.get(className) ?? fallback };
}

function kinds(): Plan["kindOf"] {
  const known = new Map<number, object>();
  return (cost) => {
    const kind = known.get(cost) ?? {};
    if (known.size < MAX_KINDS) known.set(cost, kind);
    return kind;
  };
}
