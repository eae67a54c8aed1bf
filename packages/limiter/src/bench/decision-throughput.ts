import { once } from "node:events";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { REDIS_OPTIONS } from "../connect.ts";
import type { Decision } from "../decision.ts";
import { Limiter } from "../limiter.ts";
import { parsePolicies } from "../parse-policies.ts";
import { drive, inTurn, medianRatio, type Series } from "./measure.ts";

export interface DecisionThroughput {
  /** EVALSHA of a script that returns 0: what any script-based limiter pays at least. */
  readonly noop: Series;
  readonly oneBucket: Series;
  readonly fourBuckets: Series;
  /** Median of the rounds' ratios to the no-op. */
  readonly oneBucketRatio: number;
  readonly fourBucketsRatio: number;
  /** Decisions that Redis did not make, because the machine stalled; above 0 the figures are not what they say. */
  readonly notByRedis: number;
}

const NAMES = 10_000;

/**
 * Accepted decisions a second, next to bare EVALSHA calls by the same number of callers over the same number of
 * connections. Every decision goes to Redis: the buckets never run dry.
 *
 * @param connections  limiters, each with a connection of its own
 * @param callers      requests under way on each connection
 */
export async function decisionThroughput({
  redisUrl,
  connections = 1,
  callers = 64,
  calls = 40_000,
  rounds = 5,
}: {
  readonly redisUrl: string;
  readonly connections?: number;
  readonly callers?: number;
  readonly calls?: number;
  readonly rounds?: number;
}): Promise<DecisionThroughput> {
  const wide = { capacity: 1_000_000, refill: 1_000_000, perSeconds: 10 };
  const none = { address: null, network: null, account: null, pair: null, key: null, class: null };
  const policies = parsePolicies({
    service: null,
    classes: { one: { buckets: { account: wide } } },
  });
  const policiesOfFour = parsePolicies({
    service: wide,
    classes: { reads: { buckets: { ...none, address: wide, account: wide, class: wide } } },
  });
  const clients = await Promise.all(Array.from({ length: connections }, () => connected(redisUrl)));
  let notByRedis = 0;
  const onDecision = ({ decidedBy }: Decision) => {
    if (decidedBy !== "redis") notByRedis += 1;
  };
  const common = { secret: "bench", deadlineMs: 100, onDecision };
  const ones = clients.map((redis) => new Limiter({ ...common, redis, namespace: "bench-one", policies }));
  const fours = clients.map(
    (redis) => new Limiter({ ...common, redis, namespace: "bench-four", policies: policiesOfFour }),
  );
  while ([...ones, ...fours].some(({ mode }) => mode !== "redis")) await delay(10);
  const [first] = clients;
  if (first === undefined) throw new RangeError("at least one connection is needed");
  const sha = String(await first.script("LOAD", "return 0"));
  const together = callers * connections;
  try {
    const measured = await inTurn(rounds, {
      noop: () => drive(together, calls, (n) => pick(clients, n).evalsha(sha, 0)),
      oneBucket: () =>
        drive(together, calls, (n) => pick(ones, n).decide({ class: "one", account: `viewer-${n % NAMES}` })),
      fourBuckets: () =>
        drive(together, calls, (n) =>
          pick(fours, n).decide({
            class: "reads",
            address: address(n % NAMES),
            account: `viewer-${n % NAMES}`,
          }),
        ),
    });
    return {
      ...measured,
      notByRedis,
      oneBucketRatio: medianRatio(measured.oneBucket, measured.noop),
      fourBucketsRatio: medianRatio(measured.fourBuckets, measured.noop),
    };
  } finally {
    for (const limiter of [...ones, ...fours]) limiter.close();
    for (const client of clients) client.disconnect();
  }
}

async function connected(redisUrl: string): Promise<Redis> {
  const client = new Redis(redisUrl, REDIS_OPTIONS);
  client.on("error", () => undefined);
  await once(client, "ready");
  return client;
}

function pick<Item>(items: readonly Item[], n: number): Item {
  const item = items[n % items.length];
  if (item === undefined) throw new RangeError("nothing to pick from");
  return item;
}

function address(n: number): string {
  return `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`;
}
