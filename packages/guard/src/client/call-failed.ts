/**
 * deadline: no whole answer in time. unreachable: no connection, or it broke. breaker_open and
 * throttled: not even sent. cancelled: by whoever called.
 */
export type CallFailure = "deadline" | "unreachable" | "breaker_open" | "throttled" | "cancelled";

/** No answer came. A service answers 503 with Retry-After, never 401: it is not the viewer's fault. */
export class CallFailed extends Error {
  override readonly name = "CallFailed";
  readonly kind: CallFailure;
  /** When another call may be worth it, in milliseconds. */
  readonly retryAfterMs: number;

  constructor(kind: CallFailure, retryAfterMs: number, cause?: unknown) {
    super(`no answer: ${kind}`, cause === undefined ? undefined : { cause });
    this.kind = kind;
    this.retryAfterMs = retryAfterMs;
  }

  get worthAnotherTry(): boolean {
    return this.kind === "unreachable";
  }
}
