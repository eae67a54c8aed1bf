import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { type TestContext, test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { promisify } from "node:util";
import { Redis } from "ioredis";
import { freePort, RedisServer, startTogether } from "./fixtures/redis-server.ts";
import { doorPolicies, limiterOf, once, until } from "./fixtures/setup.ts";

/** Three masters and three replicas. */
async function startCluster(t: TestContext): Promise<RedisServer[]> {
  const flags = [
    "--cluster-enabled",
    "yes",
    "--cluster-node-timeout",
    "1000",
    "--repl-diskless-sync-delay",
    "0",
  ];
  const make = async () =>
    new RedisServer(await freePort(), [...flags, "--cluster-port", `${await freePort()}`]);
  const nodes = await startTogether(() => Array.fromAsync({ length: 6 }, make));
  t.after(() => Promise.all(nodes.map((node) => node.remove())));
  const addresses = nodes.map(({ port }) => `127.0.0.1:${port}`);
  const create = ["--cluster", "create", ...addresses, "--cluster-replicas", "1", "--cluster-yes"];
  await promisify(execFile)("redis-cli", create, { timeout: 60_000 });
  return nodes;
}

async function nodeOf(nodes: readonly RedisServer[], key: string): Promise<RedisServer> {
  for (const node of nodes) {
    const redis = new Redis(node.url);
    const role = await redis.role();
    const answer = await redis.get(key).then(
      () => "here",
      () => "moved",
    );
    redis.disconnect();
    if (answer === "here" && role[0] === "master") return node;
  }
  throw new Error("no master has the key");
}

test("on a cluster of six nodes a request's buckets are one atomic step, also across a failover", async (t) => {
  const nodes = await startCluster(t);
  const urls = nodes.map(({ url }) => url).join(",");
  const policies = doorPolicies(
    { address: once(1000), network: once(1000), account: once(50), pair: once(1000), class: once(1000) },
    { service: once(1000) },
  );
  const limiters = [1, 2, 3, 4].map(() => limiterOf(t, { redis: urls, policies, replicas: 4 }));
  for (const limiter of limiters) await until("connected", () => limiter.mode === "redis", 20_000);
  const hammer = async (account: string, address: string) =>
    Promise.all(
      limiters.flatMap((limiter) =>
        Array.from({ length: 50 }, () => limiter.decide({ class: "door", address, account })),
      ),
    );

  const decisions = await hammer("one", "192.0.2.1");
  assert.equal(decisions.filter(({ kind }) => kind === "allowed").length, 50);
  assert.ok(decisions.every(({ decidedBy }) => decidedBy !== "local"));
  const next = await limiters[0]?.decide({ class: "door", address: "192.0.2.1", account: "two" });
  const left = Object.fromEntries((next?.buckets ?? []).map(({ scope, left }) => [scope, left]));
  assert.deepEqual(left, { address: 949, network: 949, account: 49, pair: 999, class: 949, service: 949 });

  const owner = await nodeOf(nodes, "{limit:test}:door:class");
  await owner.signal("SIGKILL");
  const during = await hammer("three", "192.0.2.2");
  const allowed = during.filter(({ kind }) => kind === "allowed").length;
  assert.ok(allowed > 0 && allowed <= 50 + 50, `${allowed} allowed`);

  // The replica takes over after the node timeout; until then everybody is answered, by the process itself.
  for (const limiter of limiters) {
    const began = performance.now();
    while (
      (await limiter.decide({ class: "door", account: `waiting-${performance.now()}` })).decidedBy !== "redis"
    ) {
      assert.ok(performance.now() - began < 30_000, "no failover");
      await delay(50);
    }
  }
  const after = await hammer("four", "192.0.2.3");
  assert.equal(after.filter(({ kind }) => kind === "allowed").length, 50);
  assert.ok(after.every(({ decidedBy }) => decidedBy !== "local"));
});
