import { AuthWatch, type GuardState } from "./auth-watch.ts";
import { type Caller, guest, refused } from "./caller.ts";
import { type Clock, systemClock } from "./clock.ts";
import { type Circumstances, judge, type Remembered } from "./judge.ts";
import type { GuardGauges } from "./metrics.ts";
import type { GuardOptions } from "./options.ts";
import { type Decision, decide, type Policy, seenByRoute } from "./policy.ts";
import { bearerToken, looksLikeToken, MAX_TOKEN_BYTES } from "./tokens/bearer.ts";
import { digestOf, RememberedTokens } from "./tokens/remembered-tokens.ts";
import { type TokenFault, TokenVerifier, type Verdict } from "./tokens/token-verifier.ts";

/** What the guard looks at in a request; nothing else in it says who is calling. */
export interface GuardedRequest {
  readonly authorization: string | undefined;
  readonly method: string;
}

export interface Admission {
  /** On an open route a caller with a bad token is already a guest here. */
  readonly caller: Caller;
  readonly decision: Decision;
}

export interface GuardStatus extends GuardGauges {
  readonly state: GuardState;
  readonly keysUsable: boolean;
}

/** Grace is for reading only (RFC 9110 §9.2.1 calls these safe; TRACE is never routed). */
const READ_ONLY: ReadonlySet<string> = new Set(["GET", "HEAD", "OPTIONS"]);

/**
 * Who is calling, Auth up or down. Verification is offline: no request opens a connection, and a token
 * seen before costs one digest. Start it once, ask it on every request, stop it when the service drains.
 */
export class Guard {
  readonly #clock: Clock;
  readonly #watch: AuthWatch;
  readonly #verifier: TokenVerifier;
  readonly #remembered: RememberedTokens<Remembered>;

  constructor(options: GuardOptions) {
    this.#clock = options.clock ?? systemClock;
    this.#watch = new AuthWatch(options, () => this.#remembered.clear());
    this.#verifier = new TokenVerifier(options, this.#clock, this.#watch.timings);
    this.#remembered = new RememberedTokens(this.#watch.limits.rememberedTokens);
    options.metrics?.gauges?.(() => this.#watch.gauges(this.#remembered.size));
  }

  /** Resolves within `startMs` (2 s) whatever Auth does; never rejects. */
  start(): Promise<void> {
    return this.#watch.start();
  }

  stop(): Promise<void> {
    return this.#watch.stop();
  }

  status(): GuardStatus {
    const { state, keys } = this.#watch;
    return { state, keysUsable: keys.usable, ...this.#watch.gauges(this.#remembered.size) };
  }

  /** At once for a token seen before, as a promise for a new one. Never throws for what a client sent. */
  identify(request: GuardedRequest): Caller | Promise<Caller> {
    const caller = this.#identify(request);
    if (caller instanceof Promise) return caller.then((late) => this.#counted(late));
    return this.#counted(caller);
  }

  /** Identifies the caller and applies the policy of a route. */
  admit(policy: Policy, request: GuardedRequest): Admission | Promise<Admission> {
    const caller = this.identify(request);
    if (caller instanceof Promise) return caller.then((late) => this.#decide(policy, late));
    return this.#decide(policy, caller);
  }

  #decide(policy: Policy, caller: Caller): Admission {
    const decision = decide(policy, caller);
    if (!decision.allow) this.#watch.count("guard_refusals", { code: decision.code });
    return decision.allow ? { caller: seenByRoute(caller), decision } : { caller, decision };
  }

  #identify({ authorization, method }: GuardedRequest): Caller | Promise<Caller> {
    const token = bearerToken(authorization);
    if (token === undefined) return guest("no_token", this.#sure());
    if (token.length > MAX_TOKEN_BYTES) return this.#refuse("not_compact");
    const readOnly = READ_ONLY.has(method);
    const digest = digestOf(token);
    const remembered = this.#remembered.get(digest);
    if (remembered === undefined) return this.#identifyNew(token, digest, readOnly);
    return this.#judge(remembered, digest, readOnly);
  }

  #identifyNew(token: string, digest: string, readOnly: boolean): Caller | Promise<Caller> {
    const { keys } = this.#watch;
    if (!keys.usable)
      return looksLikeToken(token) ? guest("auth_away", "stale") : this.#refuse("not_compact");
    const verdict = this.#verifier.verify(token, (keyId) => keys.find(keyId));
    if (verdict instanceof Promise) return verdict.then((late) => this.#judgeNew(late, digest, readOnly));
    return this.#judgeNew(verdict, digest, readOnly);
  }

  #judgeNew(verdict: Verdict, digest: string, readOnly: boolean): Caller {
    if (!verdict.authentic) return this.#refuse(verdict.fault);
    // The key may have been withdrawn while its signature was being checked.
    if (this.#watch.keys.find(verdict.token.keyId) === undefined) return this.#refuse("unknown_key");
    const remembered: Remembered = { token: verdict.token, members: {} };
    const caller = this.#judge(remembered, digest, readOnly);
    if (caller.kind === "member") this.#remembered.set(digest, remembered);
    return caller;
  }

  #judge(remembered: Remembered, digest: string, readOnly: boolean): Caller {
    const { health, keys, knowledge, timings } = this.#watch;
    if (!keys.usable) return guest("auth_away", "stale");
    const ended = knowledge.ends(remembered.token);
    // It only needs to be renewed, and while Auth is away it cannot be: that is not the viewer's fault.
    if (ended === "token_outdated" && health.state === "away") return guest("auth_away", "stale");
    const caller =
      ended === undefined
        ? judge(remembered, this.#circumstances(readOnly), timings)
        : refused(ended, this.#sure());
    if (caller.kind === "refused") this.#remembered.delete(digest);
    return caller;
  }

  #circumstances(readOnly: boolean): Circumstances {
    const { health, knowledge, fresh } = this.#watch;
    const away = health.state === "away";
    const graceSinceMs = away && knowledge.complete ? health.lastAliveAtMs : undefined;
    return { nowMs: this.#clock.now().getTime(), fresh, away, graceSinceMs, readOnly };
  }

  #refuse(fault: TokenFault): Caller {
    this.#watch.count("guard_token_faults", { fault });
    if (fault !== "unknown_key") return refused("token_invalid", this.#sure());
    this.#watch.keys.missed();
    // With current keys an unknown one is a forgery or withdrawn; with old ones it may be Auth's newest.
    return this.#watch.keysCurrent ? refused("token_invalid", this.#sure()) : guest("auth_away", "stale");
  }

  #sure(): "fresh" | "stale" {
    return this.#watch.fresh ? "fresh" : "stale";
  }

  #counted(caller: Caller): Caller {
    const { kind, certainty, because } = caller;
    this.#watch.count("guard_callers", { kind, certainty, because });
    return caller;
  }
}

/** A guard that is not started yet. */
export function createGuard(options: GuardOptions): Guard {
  return new Guard(options);
}
