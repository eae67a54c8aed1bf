import type { Random, Uptime } from "../clock.ts";

const FAILURES_TO_OPEN = 5;
const OPEN_MS = 1_000;

/** closed: calls pass. open: none do. half_open: one probe is on its way and decides. */
export type BreakerState = "closed" | "open" | "half_open";

/**
 * Stops asking a peer that fails every time: after five failures in a row nothing is sent for one to
 * two seconds (jittered, so that instances do not probe together), then one request tries.
 */
export class Breaker {
  readonly #uptime: Uptime;
  readonly #random: Random;
  #failures = 0;
  #openUntil = 0;
  #state: BreakerState = "closed";

  constructor(uptime: Uptime, random: Random) {
    this.#uptime = uptime;
    this.#random = random;
  }

  get state(): BreakerState {
    return this.#state;
  }

  /** Milliseconds until a probe may go; 0 when closed. */
  get retryInMs(): number {
    return this.#state === "closed" ? 0 : Math.max(0, this.#openUntil - this.#uptime());
  }

  /** Whether a call may go now. Whoever gets a yes tells how it ended: `succeeded`, `failed` or `undecided`. */
  admits(): boolean {
    if (this.#state === "closed") return true;
    if (this.#state === "half_open" || this.#uptime() < this.#openUntil) return false;
    this.#state = "half_open";
    return true;
  }

  succeeded(): void {
    this.#failures = 0;
    this.#state = "closed";
  }

  /** The caller gave up, which says nothing about the peer; the next call may probe. */
  undecided(): void {
    if (this.#state === "half_open") this.#state = "open";
  }

  failed(): void {
    this.#failures += 1;
    if (this.#state === "closed" && this.#failures < FAILURES_TO_OPEN) return;
    this.#state = "open";
    this.#openUntil = this.#uptime() + OPEN_MS * (1 + this.#random());
  }
}
