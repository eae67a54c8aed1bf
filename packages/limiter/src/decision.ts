import type { Rate } from "./bucket.ts";
import type { Scope } from "./policies.ts";

/** What a request is, as far as its limits are concerned. */
export interface Ask {
  /** The route class, e.g. "sign-in". An unknown one is decided as the default class. */
  readonly class: string;
  /** The client's IP address in any spelling. Without one the request shares a bucket with all others like it. */
  readonly address?: string | undefined;
  /** Account id, or the identifier that is aimed at; buckets by account are skipped without one. */
  readonly account?: string | undefined;
  /** For the class's `key` bucket. Never a secret itself: pass a digest. */
  readonly key?: string | undefined;
  /** Tokens; the class's own cost if absent or not above 0. */
  readonly cost?: number | undefined;
}

/** One bucket as a decision left it. */
export interface BucketReading {
  readonly name: string;
  readonly scope: Scope;
  readonly personal: boolean;
  readonly rate: Rate;
  /** Whole tokens left. */
  readonly left: number;
  /** Milliseconds until it is full again. */
  readonly fullInMs: number;
}

/**
 * Who decided: Redis for all replicas, this process alone (no Redis, or it is away), this process's memory of
 * known offenders, or the allow-list.
 */
export type DecidedBy = "redis" | "local" | "memory" | "allow-list";

export interface Allowed {
  readonly kind: "allowed";
  readonly class: string;
  readonly cost: number;
  readonly decidedBy: DecidedBy;
  /** Empty when the allow-list decided. */
  readonly buckets: readonly BucketReading[];
  /** Set in dry-run mode: this request would have been refused. */
  readonly wouldRefuse?: Refused;
}

export interface Refused {
  readonly kind: "refused";
  readonly class: string;
  readonly cost: number;
  readonly decidedBy: DecidedBy;
  /** The same request is accepted after this time, unless others take the tokens first. */
  readonly retryAfterMs: number;
  /** The bucket that makes it wait longest. */
  readonly scope: Scope;
  readonly buckets: readonly BucketReading[];
}

export type Decision = Allowed | Refused;
