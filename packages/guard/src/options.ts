import type { Clock, Random, Uptime } from "./clock.ts";
import type { GuardMetrics } from "./metrics.ts";

/** The part of pino that the guard uses. */
export interface GuardLogger {
  info(fields: object, message: string): void;
  warn(fields: object, message: string): void;
}

export interface GuardOptions {
  /** `iss` of every token, byte for byte, e.g. `https://auth.kinopass.ru`. */
  readonly issuer: string;
  /** `aud` of the tokens meant for this service. */
  readonly audience: string;
  /** Made by `kinopass service add`; opens the revocation feed. */
  readonly credential: { readonly id: string; readonly secret: string };
  /** Where Auth is reached from here, if not at the issuer's address. */
  readonly authUrl?: string;
  /** A directory of this service alone, kept across restarts. Without it a restart during an outage knows no keys. */
  readonly directory?: string;
  readonly logger?: GuardLogger;
  readonly metrics?: GuardMetrics;
  readonly clock?: Clock;
  readonly uptime?: Uptime;
  readonly random?: Random;
  readonly fetch?: typeof fetch;
  readonly timings?: Partial<Timings>;
  readonly limits?: Partial<Limits>;
}

/** Milliseconds. The defaults are the promises of docs/guard.md; tests shorten them. */
export interface Timings {
  readonly keysRefreshMs: number;
  /** While the feed is not connected nobody would tell us about a withdrawn key. */
  readonly keysPollMs: number;
  readonly keysRetryMs: number;
  readonly keysUsableMs: number;
  readonly unknownKeyCooldownMs: number;
  /** For an answer to begin and, for keys, to be complete. */
  readonly answerMs: number;
  readonly snapshotMs: number;
  readonly feedSilenceMs: number;
  readonly feedRetryMs: number;
  readonly feedRetryCapMs: number;
  /** Knowledge older than this is stale even if Auth is not proven away. */
  readonly freshForMs: number;
  /** So long must every probe have failed before Auth counts as away. */
  readonly provenAwayMs: number;
  readonly graceMs: number;
  readonly leewayMs: number;
  readonly tokenLifetimeMs: number;
  /** `start` waits no longer than this for the first word of Auth. */
  readonly startMs: number;
  readonly tickMs: number;
}

export const DEFAULT_TIMINGS: Timings = {
  keysRefreshMs: 5 * 60_000,
  keysPollMs: 25_000,
  keysRetryMs: 10_000,
  keysUsableMs: 24 * 3_600_000,
  unknownKeyCooldownMs: 30_000,
  answerMs: 2_000,
  snapshotMs: 30_000,
  feedSilenceMs: 12_000,
  feedRetryMs: 1_000,
  feedRetryCapMs: 3_000,
  freshForMs: 15_000,
  provenAwayMs: 10_000,
  graceMs: 60 * 60_000,
  leewayMs: 60_000,
  tokenLifetimeMs: 10 * 60_000,
  startMs: 2_000,
  tickMs: 1_000,
};

export interface Limits {
  readonly rememberedTokens: number;
  readonly revocations: number;
}

export const DEFAULT_LIMITS: Limits = { rememberedTokens: 50_000, revocations: 250_000 };
