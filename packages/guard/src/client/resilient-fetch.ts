import { type Random, systemRandom, systemUptime, type Uptime } from "../clock.ts";
import { fullJitterMs } from "../retry.ts";
import { Breaker, type BreakerState } from "./breaker.ts";
import { CallFailed, type CallFailure } from "./call-failed.ts";
import { RetryBudget } from "./retry-budget.ts";
import { Throttle } from "./throttle.ts";

export interface ResilientFetchOptions {
  /** Milliseconds for the whole call: every attempt, every pause, the body too. */
  readonly deadlineMs?: number;
  /** Longer answers are failures. */
  readonly maxAnswerBytes?: number;
  readonly maxAttempts?: number;
  readonly fetch?: typeof fetch;
  readonly uptime?: Uptime;
  readonly random?: Random;
  /** Once per attempt or refusal, for counters. */
  readonly onOutcome?: (outcome: "answered" | "unwell" | CallFailure) => void;
}

/** Takes what `fetch` takes, so that a typed client may be built on it. */
export interface ResilientFetch {
  (input: string | URL | Request, init?: RequestInit): Promise<Response>;
  readonly breaker: () => BreakerState;
}

const DEFAULTS = { deadlineMs: 250, maxAnswerBytes: 1024 * 1024, maxAttempts: 3 } as const;
const PAUSE = { baseMs: 20, capMs: 200 } as const;
/** Repeating these has the effect of doing them once (RFC 9110 §9.2.2). */
const IDEMPOTENT: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS", "PUT", "DELETE"]);
/** Answers that speak of the peer's health rather than of the request. */
const UNWELL: ReadonlySet<number> = new Set([500, 502, 503, 504]);
const WORTH_ANOTHER_TRY: ReadonlySet<number> = new Set([502, 503, 504]);

/**
 * A `fetch` for one peer that may be slow, away or overloaded: one deadline over everything, a breaker,
 * a bounded retry budget with full jitter for idempotent calls, and throttling on our side. The body is
 * read within the deadline, and redirects are refused.
 *
 * @throws CallFailed where no answer came; `kind` says why, `retryAfterMs` when to ask again.
 */
export function resilientFetch(options: ResilientFetchOptions = {}): ResilientFetch {
  const caller = new ResilientCaller(options);
  return Object.assign(
    (input: string | URL | Request, init?: RequestInit) => caller.call(new Request(input, init)),
    {
      breaker: () => caller.breaker.state,
    },
  );
}

class ResilientCaller {
  readonly #options: ResilientFetchOptions & typeof DEFAULTS;
  readonly #uptime: Uptime;
  readonly #random: Random;
  readonly #throttle: Throttle;
  readonly #budget = new RetryBudget();
  readonly breaker: Breaker;

  constructor(options: ResilientFetchOptions) {
    this.#options = { ...DEFAULTS, ...options } as ResilientFetchOptions & typeof DEFAULTS;
    this.#uptime = options.uptime ?? systemUptime;
    this.#random = options.random ?? systemRandom;
    this.#throttle = new Throttle(this.#uptime, this.#random);
    this.breaker = new Breaker(this.#uptime, this.#random);
  }

  async call(request: Request): Promise<Response> {
    const { deadlineMs, maxAttempts } = this.#options;
    const deadlineAt = this.#uptime() + deadlineMs;
    const signal = AbortSignal.any([request.signal, AbortSignal.timeout(deadlineMs)]);
    this.#budget.earn();
    for (let attempt = 1; ; attempt += 1) {
      const outcome = await this.#attempt(attempt < maxAttempts ? request.clone() : request, signal);
      const final = outcome instanceof Response && !WORTH_ANOTHER_TRY.has(outcome.status);
      if (final || attempt >= maxAttempts || !IDEMPOTENT.has(request.method)) return settle(outcome);
      const pauseMs = this.#pauseMs(outcome, attempt);
      const pointless = outcome instanceof CallFailed && !outcome.worthAnotherTry;
      if (pointless || this.#uptime() + pauseMs >= deadlineAt || !this.#budget.spend())
        return settle(outcome);
      await pause(pauseMs, signal);
    }
  }

  async #attempt(request: Request, signal: AbortSignal): Promise<Response | CallFailed> {
    if (!this.breaker.admits()) return this.#failure("breaker_open", this.breaker.retryInMs);
    if (this.#throttle.drops()) {
      this.breaker.undecided();
      return this.#failure("throttled", 1_000);
    }
    try {
      const send = this.#options.fetch ?? fetch;
      const response = await send(request, { signal, redirect: "error" });
      const whole = await buffered(response, this.#options.maxAnswerBytes);
      this.#judge(whole.status);
      return whole;
    } catch (error) {
      // The caller lost interest; the peer may be well.
      if (request.signal.aborted) {
        this.breaker.undecided();
        return this.#failure("cancelled", 0, error);
      }
      this.breaker.failed();
      return this.#failure(signal.aborted ? "deadline" : "unreachable", 1_000, error);
    }
  }

  #judge(status: number): void {
    const unwell = UNWELL.has(status);
    if (unwell) this.breaker.failed();
    else this.breaker.succeeded();
    // 429 is a refusal too: the peer asks us to send less.
    if (!unwell && status !== 429) this.#throttle.accepted();
    this.#options.onOutcome?.(unwell ? "unwell" : "answered");
  }

  #pauseMs(outcome: Response | CallFailed, attempt: number): number {
    const jittered = fullJitterMs(attempt, PAUSE.baseMs, PAUSE.capMs, this.#random);
    const asked = outcome instanceof Response ? Number(outcome.headers.get("retry-after") ?? 0) * 1_000 : 0;
    return Math.max(jittered, Number.isFinite(asked) ? asked : 0);
  }

  #failure(kind: CallFailure, retryAfterMs: number, cause?: unknown): CallFailed {
    this.#options.onOutcome?.(kind);
    return new CallFailed(kind, retryAfterMs, cause);
  }
}

function settle(outcome: Response | CallFailed): Response {
  if (outcome instanceof Response) return outcome;
  throw outcome;
}

/** The whole body, or an error: half an answer must not reach a parser, nor an endless one the memory. */
async function buffered(response: Response, limitBytes: number): Promise<Response> {
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of response.body ?? []) {
    bytes += chunk.byteLength;
    if (bytes > limitBytes) throw new Error("answer too large");
    chunks.push(chunk);
  }
  const empty = response.status === 204 || response.status === 304;
  const { status, statusText, headers } = response;
  return new Response(empty ? null : Buffer.concat(chunks), { status, statusText, headers });
}

async function pause(ms: number, signal: AbortSignal): Promise<void> {
  const { promise, resolve } = Promise.withResolvers<void>();
  const wake = () => resolve();
  const timer = setTimeout(wake, ms);
  signal.addEventListener("abort", wake, { once: true });
  await promise;
  clearTimeout(timer);
  signal.removeEventListener("abort", wake);
}
