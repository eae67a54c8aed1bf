import type { BucketPolicy } from "./bucket.ts";

/**
 * What a bucket counts by.
 *
 * - `address`  the client's IPv4 address or IPv6 /64
 * - `network`  the wider tier around it, for whoever owns many addresses
 * - `account`  the account or identifier that is aimed at, from wherever the request comes
 * - `pair`     one account from one address
 * - `key`      anything the service names: a device, the fingerprint of a tried password
 * - `class`    all requests of the route class
 * - `service`  all limited requests of the service (written once, outside the classes)
 */
export type Scope = "address" | "network" | "account" | "pair" | "key" | "class" | "service";

/** The scopes a route class may have buckets for, in the order they are decided and listed. */
export const CLASS_SCOPES = ["address", "network", "account", "pair", "key", "class"] as const;

export type ClassScope = (typeof CLASS_SCOPES)[number];

/** Limits of one route class. */
export interface ClassPolicy {
  readonly buckets: { readonly [scope in ClassScope]?: BucketPolicy };
  /** Tokens a request costs unless its route says otherwise. */
  readonly cost: number;
  /** Only report what would be refused. */
  readonly dryRun: boolean;
}

/** All limits of a service, as data: parsed by `parsePolicies`, changed at run time by `Limiter.setPolicies`. */
export interface Policies {
  /** Every limited request of every class; absent: no such bucket. */
  readonly service?: BucketPolicy;
  readonly classes: Readonly<Record<string, ClassPolicy>>;
  /** The class of routes that name none, and of unknown paths. */
  readonly defaultClass: string;
  /** CIDR ranges that are never refused and take nothing. */
  readonly allow: readonly string[];
  /** Prefix lengths in bits. The address tier of IPv4 is the whole address. */
  readonly prefixes: {
    readonly ipv6Address: number;
    readonly ipv6Network: number;
    readonly ipv4Network: number;
  };
  /** Only report, for all classes. */
  readonly dryRun: boolean;
}

const minute = 60;
const hour = 3600;

/** Sane defaults for an Auth service and a read-heavy API. docs/limits.md gives the reason for each figure. */
export const DEFAULT_POLICIES: Policies = {
  service: { capacity: 4000, refill: 2000, perSeconds: 1 },
  defaultClass: "reads",
  allow: [],
  prefixes: { ipv6Address: 64, ipv6Network: 56, ipv4Network: 24 },
  dryRun: false,
  classes: {
    "sign-in": limits({
      address: { capacity: 30, refill: 30, perSeconds: minute },
      network: { capacity: 300, refill: 300, perSeconds: minute },
      account: { capacity: 30, refill: 30, perSeconds: 15 * minute },
      pair: { capacity: 10, refill: 10, perSeconds: 10 * minute },
      class: { capacity: 200, refill: 100, perSeconds: 1 },
    }),
    "sign-in-known-device": limits({
      address: { capacity: 30, refill: 30, perSeconds: minute },
      key: { capacity: 10, refill: 10, perSeconds: 10 * minute },
      class: { capacity: 200, refill: 100, perSeconds: 1 },
    }),
    "same-password": limits({ key: { capacity: 20, refill: 20, perSeconds: hour } }),
    "sign-up": limits({
      address: { capacity: 10, refill: 10, perSeconds: 10 * minute },
      network: { capacity: 60, refill: 60, perSeconds: 10 * minute },
      account: { capacity: 3, refill: 3, perSeconds: hour },
      class: { capacity: 100, refill: 50, perSeconds: 1 },
    }),
    reset: limits({
      address: { capacity: 10, refill: 10, perSeconds: 10 * minute },
      network: { capacity: 60, refill: 60, perSeconds: 10 * minute },
      account: { capacity: 5, refill: 5, perSeconds: hour },
      class: { capacity: 50, refill: 20, perSeconds: 1 },
    }),
    refresh: limits({
      address: { capacity: 120, refill: 120, perSeconds: minute },
      network: { capacity: 1200, refill: 1200, perSeconds: minute },
      account: { capacity: 30, refill: 30, perSeconds: minute },
    }),
    captcha: limits({
      address: { capacity: 20, refill: 20, perSeconds: minute },
      network: { capacity: 200, refill: 200, perSeconds: minute },
      class: { capacity: 200, refill: 100, perSeconds: 1 },
    }),
    social: limits({
      address: { capacity: 30, refill: 30, perSeconds: minute },
      network: { capacity: 300, refill: 300, perSeconds: minute },
      class: { capacity: 200, refill: 100, perSeconds: 1 },
    }),
    reads: limits({
      address: { capacity: 200, refill: 50, perSeconds: 1 },
      network: { capacity: 2000, refill: 500, perSeconds: 1 },
      account: { capacity: 200, refill: 50, perSeconds: 1 },
    }),
    admin: limits({
      address: { capacity: 60, refill: 60, perSeconds: minute },
      account: { capacity: 120, refill: 120, perSeconds: minute },
    }),
  },
};

function limits(buckets: ClassPolicy["buckets"]): ClassPolicy {
  return { buckets, cost: 1, dryRun: false };
}
