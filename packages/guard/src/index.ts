/**
 * @kinopass/guard: who is calling, Auth up or down.
 *
 * Tokens are verified offline with keys and revocations that arrive in the background. When Auth is
 * away the guard goes on with what it knows and says so; what it does not know it never turns into a
 * 401. docs/guard.md has the promises, the states and the feed.
 */
export type { GuardState } from "./auth-watch.ts";
export type { AgeCeiling, Caller, Certainty, Guest, Member, Refused, TokenRefusal } from "./caller.ts";
export type { Clock, Random, Uptime } from "./clock.ts";
export { type Admission, createGuard, type Guard, type GuardedRequest, type GuardStatus } from "./guard.ts";
export { CERTAINTY_HEADER } from "./http-headers.ts";
export type { CounterName, GuardGauges, GuardMetrics } from "./metrics.ts";
export type { GuardLogger, GuardOptions, Limits, Timings } from "./options.ts";
export { DEFAULT_LIMITS, DEFAULT_TIMINGS } from "./options.ts";
export {
  age,
  all,
  any,
  type Decision,
  decide,
  member,
  open,
  type Policy,
  role,
  seenByRoute,
  strict,
} from "./policy.ts";
export { type GuardRefusal, guardRefusals, type RefusalCode, refusalOf } from "./refusals.ts";
