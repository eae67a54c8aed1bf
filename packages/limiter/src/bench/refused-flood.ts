import { once } from "node:events";
import { Redis } from "ioredis";
import { RateLimiterRedis } from "rate-limiter-flexible";
import { REDIS_OPTIONS } from "../connect.ts";
import { Limiter } from "../limiter.ts";
import { parsePolicies } from "../parse-policies.ts";
import { drive, inTurn, medianRatio, type Series } from "./measure.ts";

export interface RefusedFlood {
  /** Refused decisions a second. */
  readonly limiter: Series;
  /** The same flood against rate-limiter-flexible with its in-memory block. */
  readonly rateLimiterFlexible: Series;
  /** Median of the rounds' ratios. */
  readonly ratio: number;
  /** Commands that Redis executed, scripts' inner ones included, for each request the limiter refused. */
  readonly commandsPerRefused: number;
}

/**
 * A flood from addresses that are over their limit.
 *
 * @param offenders  addresses the flood comes from
 */
export async function refusedFlood({
  redisUrl,
  offenders = 1000,
  callers = 64,
  calls = 300_000,
  rounds = 5,
}: {
  readonly redisUrl: string;
  readonly offenders?: number;
  readonly callers?: number;
  readonly calls?: number;
  readonly rounds?: number;
}): Promise<RefusedFlood> {
  const redis = new Redis(redisUrl, REDIS_OPTIONS);
  redis.on("error", () => undefined);
  await once(redis, "ready");
  const bucket = { capacity: 5, refill: 5, perSeconds: 60 };
  const policies = parsePolicies({
    service: null,
    classes: { flood: { buckets: { address: bucket } } },
  });
  let refused = 0;
  const limiter = new Limiter({
    redis,
    namespace: "bench-flood",
    secret: "bench",
    policies,
    onDecision: ({ kind }) => {
      if (kind === "refused") refused += 1;
    },
  });
  const other = new RateLimiterRedis({
    storeClient: redis,
    keyPrefix: "bench-flood-other",
    points: bucket.capacity,
    duration: bucket.perSeconds,
    inMemoryBlockOnConsumed: bucket.capacity,
  });
  const addresses = Array.from({ length: offenders }, (_, i) => `198.51.${i >> 8}.${i & 255}`);
  const offender = (n: number) => addresses[n % offenders] ?? "";
  const ask = (n: number) => limiter.decide({ class: "flood", address: offender(n) });
  const askOther = (n: number) => other.consume(offender(n)).catch(() => undefined);
  try {
    // Everybody uses up what they may.
    await drive(callers, offenders * (bucket.capacity + 1), ask);
    await drive(callers, offenders * (bucket.capacity + 1), askOther);
    let commands = 0;
    refused = 0;
    const measured = await inTurn(rounds, {
      limiter: async () => {
        const before = await commandsProcessed(redis);
        const rate = await drive(callers, calls, ask);
        // The second INFO counts itself.
        commands += (await commandsProcessed(redis)) - before - 1;
        return rate;
      },
      rateLimiterFlexible: () => drive(callers, calls, askOther),
    });
    const ratio = medianRatio(measured.limiter, measured.rateLimiterFlexible);
    return { ...measured, ratio, commandsPerRefused: commands / refused };
  } finally {
    limiter.close();
    redis.disconnect();
  }
}

async function commandsProcessed(redis: Redis): Promise<number> {
  const [, count] = /total_commands_processed:(\d+)/.exec(await redis.info("stats")) ?? [];
  return Number(count);
}
