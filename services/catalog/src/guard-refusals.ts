import { type GuardRefusal, guardRefusals } from "@kinopass/guard";
import { type AppError, refusals } from "@kinopass/http";

/** The guard's refusals as ours, so that they are answered, translated and documented like any other. */
export const guarded = refusals(guardRefusals);

export function asAppError({ code, headers }: GuardRefusal): AppError {
  return guarded[code]({ headers });
}

/** What a route for members may answer to somebody who is none. */
export const memberRefusals = [
  guarded.sign_in_required,
  guarded.token_invalid,
  guarded.token_expired,
  guarded.token_outdated,
  guarded.session_ended,
  guarded.auth_unavailable,
] as const;
