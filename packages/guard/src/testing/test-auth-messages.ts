import type { JWK } from "jose";

export interface KeysAnswer {
  readonly status?: number;
  /** Instead of the key set; `""` is an empty answer. */
  readonly body?: string;
  readonly delayMs?: number;
  /** How the body travels; whole if left out. */
  readonly as?: KeysDelivery;
}

/**
 * endless: again and again, without a length. dripping: a byte at a time. cut: one byte short of the length that was
 * announced, then the end. half_closed: no length, and an end that does not say whether that was all. hanging: one byte
 * short, and silence. unzipping: a few kilobytes that become ten megabytes. elsewhere: a redirect to where it is whole.
 */
export type KeysDelivery =
  | "whole"
  | "endless"
  | "dripping"
  | "cut"
  | "half_closed"
  | "hanging"
  | "unzipping"
  | "elsewhere";

/** Everything a test's Auth process needs to answer; handed over again after a restart. */
export interface TestAuthState {
  readonly issuer: string;
  readonly credential: { readonly id: string; readonly secret: string };
  readonly heartbeatMs: number;
  readonly keys: readonly JWK[];
  readonly keysAnswer?: KeysAnswer;
  /** What `/readyz` answers; 404 if left out, "silence" for nothing at all. */
  readonly readiness?: { readonly status: number; readonly body?: string } | "silence";
  /** Answers the feed with this, and ends the streams that are open. */
  readonly feedStatus?: number | undefined;
  /** Feed events in order; their place, from 1, is their cursor. */
  readonly events: readonly FeedEvent[];
  /** Cursors before this one are too old to resume from. */
  readonly oldestCursor: number;
}

export interface FeedEvent {
  readonly type: string;
  readonly data: string;
}

export type ToTestAuth =
  | { readonly kind: "listen"; readonly port: number; readonly state: TestAuthState }
  | { readonly kind: "state"; readonly id: number; readonly state: TestAuthState }
  | { readonly kind: "count"; readonly id: number };

export type FromTestAuth =
  | { readonly kind: "listening"; readonly port: number }
  | { readonly kind: "done"; readonly id: number; readonly requests: Readonly<Record<string, number>> };
