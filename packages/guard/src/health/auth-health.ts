import type { Clock, Uptime } from "../clock.ts";

/** starting: nothing heard yet. doubtful: probes fail, but not for long enough to act on it. */
export type AuthState = "starting" | "healthy" | "doubtful" | "away";

/** One failure may be a lost packet and two a restart, whatever the clock says in between. */
const MIN_FAILURES = 3;

/**
 * Whether Auth is away, by the probes of this instance alone. Proof needs time and repetition: every
 * probe has failed for `provenAwayMs`, and one success is enough to end it.
 */
export class AuthHealth {
  readonly #clock: Clock;
  readonly #uptime: Uptime;
  readonly #provenAwayMs: number;
  #state: AuthState = "starting";
  #failures = 0;
  #failingSince = 0;
  #lastAliveAtMs: number | undefined;

  constructor(clock: Clock, uptime: Uptime, provenAwayMs: number) {
    this.#clock = clock;
    this.#uptime = uptime;
    this.#provenAwayMs = provenAwayMs;
  }

  get state(): AuthState {
    return this.#state;
  }

  /** Wall clock of the last proof of life; undefined if this instance never saw one. */
  get lastAliveAtMs(): number | undefined {
    return this.#lastAliveAtMs;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#lastAliveAtMs = this.#clock.now().getTime();
    this.#state = "healthy";
  }

  failed(): void {
    const uptime = this.#uptime();
    if (this.#failures === 0) this.#failingSince = uptime;
    this.#failures += 1;
    const proven = this.#failures >= MIN_FAILURES && uptime - this.#failingSince >= this.#provenAwayMs;
    if (proven) this.#state = "away";
    else if (this.#state === "healthy") this.#state = "doubtful";
  }
}
