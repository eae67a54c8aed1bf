/** How often somebody may ask: the limiter, and the Redis that keeps replicas in step where there is one. */
import { countDecision, traceDecisions, traceScripts } from "@kinopass/http";
import { connectRedis, Limiter, readPolicyFile } from "@kinopass/limiter";
import type { Secrets } from "../secrets.ts";
import type { Surroundings } from "./surroundings.ts";

export type Limits = ReturnType<typeof buildLimits>;

export function buildLimits({ config, logger, policies }: Surroundings, { secrets }: { secrets: Secrets }) {
  const redis = config.redisUrl === undefined ? undefined : connectRedis(config.redisUrl);
  const limiter = new Limiter({
    redis: redis === undefined ? undefined : traceScripts(redis, "token-bucket"),
    namespace: "auth",
    ...(config.limitsFile === undefined ? {} : { policies: readPolicyFile(config.limitsFile) }),
    ...(policies === undefined ? {} : { policies }),
    secret: secrets.directoryHash("limits", "buckets").toString("base64url"),
    replicas: config.replicas,
    onDecision: countDecision,
    onMode: (mode, because) => logger.warn({ mode, because }, "limits are counted elsewhere now"),
  });
  traceDecisions(limiter);
  return { redis, limiter };
}
