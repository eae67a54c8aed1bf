import type { AgeCeiling, Caller } from "./caller.ts";
import { guest } from "./caller.ts";
import type { RefusalCode } from "./refusals.ts";

/** Who may use a route. Plain data: made once, compared and printed at will. */
export type Policy =
  | { readonly kind: "open" }
  | { readonly kind: "member" }
  | { readonly kind: "role"; readonly anyOf: readonly string[] }
  | { readonly kind: "age"; readonly atLeast: AgeCeiling }
  | { readonly kind: "strict" }
  | { readonly kind: "all" | "any"; readonly of: readonly Policy[] };

export type Decision =
  | { readonly allow: true }
  | {
      readonly allow: false;
      readonly status: 401 | 403 | 503;
      readonly code: RefusalCode;
      /** Seconds; with 503 only. */
      readonly retryAfter?: number;
    };

/** Anybody, guests included. A bad token makes a guest, never a 401. */
export const open: Policy = { kind: "open" };

/** Anybody signed in. */
export const member: Policy = { kind: "member" };

/** Signed in, and only while keys and revocations are current: 503 otherwise. */
export const strict: Policy = { kind: "strict" };

/** Signed in with at least one of these roles. */
export function role(...anyOf: readonly [string, ...string[]]): Policy {
  return { kind: "role", anyOf };
}

/** Signed in with an age ceiling of at least this rating. */
export function age(atLeast: AgeCeiling): Policy {
  return { kind: "age", atLeast };
}

/** Every one of the policies. */
export function all(...of: readonly [Policy, ...Policy[]]): Policy {
  return { kind: "all", of };
}

/** At least one of the policies. */
export function any(...of: readonly [Policy, ...Policy[]]): Policy {
  return { kind: "any", of };
}

const RETRY_AFTER_SECONDS = 5;
const ALLOW: Decision = { allow: true };
const ROLE_REQUIRED: Decision = { allow: false, status: 403, code: "role_required" };
const AGE_RESTRICTED: Decision = { allow: false, status: 403, code: "age_restricted" };
const STRICT_UNAVAILABLE = away("strict_unavailable");
const AUTH_UNAVAILABLE = away("auth_unavailable");

/** Whether the caller may. Pure: the same question has the same answer. */
export function decide(policy: Policy, caller: Caller): Decision {
  switch (policy.kind) {
    case "open":
      return ALLOW;
    case "member":
      return demandMember(caller);
    case "role":
      return afterSignIn(caller, policy.anyOf.some((name) => caller.roles.has(name)) ? ALLOW : ROLE_REQUIRED);
    case "age":
      return afterSignIn(caller, caller.ageCeiling >= policy.atLeast ? ALLOW : AGE_RESTRICTED);
    case "strict":
      return caller.certainty === "fresh" ? demandMember(caller) : STRICT_UNAVAILABLE;
    case "all":
      return gravest(policy.of.map((part) => decide(part, caller)));
    case "any": {
      const decisions = policy.of.map((part) => decide(part, caller));
      return decisions.find(({ allow }) => allow) ?? gravest(decisions);
    }
  }
}

/** What a route that let the caller in sees: someone with a bad token is a guest there. */
export function seenByRoute(caller: Caller): Caller {
  return caller.kind === "refused" ? guest(caller.because, caller.certainty) : caller;
}

function demandMember(caller: Caller): Decision {
  if (caller.kind === "member") return ALLOW;
  if (caller.because === "auth_away") return AUTH_UNAVAILABLE;
  if (caller.because === "no_token") return { allow: false, status: 401, code: "sign_in_required" };
  return { allow: false, status: 401, code: caller.because };
}

function afterSignIn(caller: Caller, decision: Decision): Decision {
  const signedIn = demandMember(caller);
  return signedIn.allow ? decision : signedIn;
}

function away(code: RefusalCode): Decision {
  return { allow: false, status: 503, code, retryAfter: RETRY_AFTER_SECONDS };
}

/** Our own trouble outranks "sign in", and that outranks "not you": nobody is sent away for what we cannot know. */
function gravest(decisions: readonly Decision[]): Decision {
  const rank = (decision: Decision) =>
    decision.allow ? 0 : ({ 403: 1, 401: 2, 503: 3 } as const)[decision.status];
  return decisions.reduce((worst, next) => (rank(next) > rank(worst) ? next : worst));
}
