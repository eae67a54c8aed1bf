import type { Clock, ProviderHealth } from "./provider.ts";

type State =
  | { readonly kind: "closed"; readonly failures: number; readonly lastFailureMs: number }
  | { readonly kind: "open"; readonly untilMs: number }
  | { readonly kind: "probing"; readonly sinceMs: number };

export interface BreakerLimits {
  /** Failures in a row, none more than `windowMs` after the one before, that open it. */
  readonly failures: number;
  readonly windowMs: number;
  readonly openMs: number;
}

export const BREAKER_LIMITS: BreakerLimits = { failures: 5, windowMs: 60_000, openMs: 15_000 };

/** A probe whose caller never reported back stops blocking the next one after this long. */
const PROBE_FORGOTTEN_MS = 10_000;

export type Admission = { readonly kind: "go" } | { readonly kind: "wait"; readonly retryAfterMs: number };

/**
 * Keeps a dead provider from costing every viewer the whole deadline. After failures in a row calls are refused at
 * once; when the pause is over one call goes through and decides. Local to the instance: each sees its own network.
 */
export class Breaker {
  readonly #clock: Clock;
  readonly #limits: BreakerLimits;
  #state: State = { kind: "closed", failures: 0, lastFailureMs: 0 };

  constructor(clock: Clock, limits: BreakerLimits = BREAKER_LIMITS) {
    this.#clock = clock;
    this.#limits = limits;
  }

  admit(): Admission {
    const nowMs = this.#clock.now().getTime();
    const state = this.#state;
    if (state.kind === "closed") return { kind: "go" };
    const waitMs = state.kind === "open" ? state.untilMs - nowMs : state.sinceMs + PROBE_FORGOTTEN_MS - nowMs;
    if (waitMs > 0) return { kind: "wait", retryAfterMs: state.kind === "open" ? waitMs : 1000 };
    this.#state = { kind: "probing", sinceMs: nowMs };
    return { kind: "go" };
  }

  succeeded(): void {
    // A success from before the breaker opened says nothing about now; only the probe's counts.
    if (this.#state.kind !== "open") this.#state = { kind: "closed", failures: 0, lastFailureMs: 0 };
  }

  failed(): void {
    const nowMs = this.#clock.now().getTime();
    const state = this.#state;
    if (state.kind === "open") return;
    if (state.kind === "closed") {
      const recent = nowMs - state.lastFailureMs <= this.#limits.windowMs;
      const failures = recent ? state.failures + 1 : 1;
      if (failures < this.#limits.failures) {
        this.#state = { kind: "closed", failures, lastFailureMs: nowMs };
        return;
      }
    }
    this.#state = { kind: "open", untilMs: nowMs + this.#limits.openMs };
  }

  /** The caller gave up for reasons of its own: a probe is handed back, nothing is counted. */
  released(): void {
    if (this.#state.kind === "probing") this.#state = { kind: "open", untilMs: this.#clock.now().getTime() };
  }

  health(): ProviderHealth {
    const state = this.#state;
    if (state.kind === "closed") return { state: "up", retryAfterMs: 0 };
    const untilMs = state.kind === "open" ? state.untilMs : state.sinceMs + 1000;
    return { state: "down", retryAfterMs: Math.max(0, untilMs - this.#clock.now().getTime()) };
  }
}
