/** The captcha of televisions, and when it is asked for. */
import { randomBytes } from "node:crypto";
import { Captcha } from "../captcha/captcha.ts";
import type { ChallengeStore } from "../captcha/challenge-store.ts";
import { CaptchaDemand } from "../captcha/demand.ts";
import { LocalFailures, SharedFailures } from "../captcha/failures.ts";
import { FallbackChallenges } from "../captcha/fallback-challenges.ts";
import { POLICY } from "../captcha/policy.ts";
import { PostgresChallenges } from "../captcha/postgres-challenges.ts";
import { RedisChallenges } from "../captcha/redis-challenges.ts";
import type { Ground } from "./ground.ts";
import type { Limits } from "./limits.ts";
import type { Surroundings } from "./surroundings.ts";

/** For Redis, before PostgreSQL is asked instead. */
const DEADLINE_MS = 100;

export function buildCaptcha(surroundings: Surroundings, { db, secrets, redis, limiter }: Ground & Limits) {
  const { config, clock } = surroundings;
  const challenges = new PostgresChallenges({ db, policy: POLICY });
  const captcha = new Captcha({
    store: storeOf(surroundings, redis, challenges),
    key: secrets.newestMac("captcha", "challenges"),
    clock,
    randomBytes,
    textForm: config.captchaText,
  });
  const captchaDemand = new CaptchaDemand({
    captcha,
    clock,
    failures:
      redis === undefined ? new LocalFailures() : new SharedFailures({ redis, deadlineMs: DEADLINE_MS }),
    homeOf: (network) => secrets.directoryHash("captcha-home", network).toString("base64url"),
    isDegraded: () => limiter.mode === "degraded",
  });
  return { challenges, captcha, captchaDemand };
}

/** Challenges live in Redis, and in PostgreSQL where there is none or while it is away. */
function storeOf(
  { clock, logger }: Surroundings,
  redis: Limits["redis"],
  postgres: PostgresChallenges,
): ChallengeStore {
  if (redis === undefined) return postgres;
  return new FallbackChallenges({
    redis: new RedisChallenges({ redis, policy: POLICY, deadlineMs: DEADLINE_MS }),
    postgres,
    clock,
    onAway: (error) => logger.warn({ err: error }, "captcha challenges go to PostgreSQL for now"),
  });
}
