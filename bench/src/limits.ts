import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { connect } from "node:net";
import { decisionThroughput, type RedisFault, redisFault, refusedFlood } from "@kinopass/limiter/bench";
import { freePort } from "@kinopass/stand/ports";
import type { Figure } from "./report.ts";

/** The limiter alone on a Redis of its own: what a decision costs, and what a refused one does not. */
export async function benchLimits(): Promise<Figure[]> {
  const port = await freePort();
  let redis = await startRedis(port);
  try {
    const redisUrl = `redis://127.0.0.1:${port}`;
    const decisions = await decisionThroughput({ redisUrl });
    const flood = await refusedFlood({ redisUrl });
    const frozen = await redisFault({
      redisUrl,
      strike: () => redis.kill("SIGSTOP"),
      heal: () => redis.kill("SIGCONT"),
    });
    const killed = await redisFault({
      redisUrl,
      strike: () => redis.kill("SIGKILL"),
      heal: async () => {
        redis = await startRedis(port);
      },
    });
    return [
      { name: "EVALSHA of a no-op a second", value: decisions.noop.median, unit: "/s" },
      {
        name: "one bucket ÷ no-op",
        value: decisions.oneBucketRatio,
        unit: "",
        target: { atLeast: 0.75 },
      },
      {
        name: "four buckets ÷ no-op",
        value: decisions.fourBucketsRatio,
        unit: "",
        target: { atLeast: 0.55 },
      },
      { name: "decisions not made by Redis", value: decisions.notByRedis, unit: "", target: { atMost: 0 } },
      { name: "refused decisions a second", value: flood.limiter.median, unit: "/s" },
      { name: "refused ÷ rate-limiter-flexible", value: flood.ratio, unit: "", target: { atLeast: 1 } },
      {
        name: "Redis commands for each refused request",
        value: flood.commandsPerRefused,
        unit: "",
        target: { atMost: 0.01 },
      },
      ...faultFigures("killed", killed),
      ...faultFigures("frozen", frozen),
    ];
  } finally {
    redis.kill("SIGKILL");
  }
}

function faultFigures(how: string, { wrong, p99BeforeMs, p99AwayMs, backMs }: RedisFault): Figure[] {
  const addedMs = Math.max(0, p99AwayMs - p99BeforeMs);
  return [
    { name: `Redis ${how}: wrong answers`, value: wrong, unit: "", target: { atMost: 0 } },
    { name: `Redis ${how}: added p99 after a second`, value: addedMs, unit: "ms", target: { atMost: 20 } },
    { name: `Redis ${how}: counts again after`, value: backMs, unit: "ms", target: { atMost: 5000 } },
  ];
}

async function startRedis(port: number): Promise<ChildProcess> {
  const flags = ["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"];
  const redis = spawn(process.env["REDIS_SERVER"] ?? "redis-server", flags, { stdio: "ignore" });
  await once(redis, "spawn");
  await untilListening(port);
  return redis;
}

async function untilListening(port: number): Promise<void> {
  for (let attempt = 0; attempt < 100; attempt += 1) {
    const socket = connect(port, "127.0.0.1");
    const listens = await once(socket, "connect").then(
      () => true,
      () => false,
    );
    socket.destroy();
    if (listens) return;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error("redis-server does not answer");
}
