import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { Redis } from "ioredis";
import { connect, freePort, RedisServer, startRedis } from "./fixtures/redis-server.ts";
import { doorPolicies, limiterOf, once, until } from "./fixtures/setup.ts";
import type { Limiter, Mode } from "./limiter.ts";

const ask = { class: "door", account: "a" };

/** Asks at a steady pace and keeps how each request was decided. */
async function load(limiter: Limiter, lastsMs: number) {
  const answers: {
    readonly atMs: number;
    readonly kind: string;
    readonly by: string;
  }[] = [];
  const began = performance.now();
  const pending: Promise<void>[] = [];
  for (let n = 0; performance.now() - began < lastsMs; n += 1) {
    const atMs = performance.now();
    const one = limiter.decide({ class: "door", account: `a${n}` }).then(({ kind, decidedBy }) => {
      answers.push({ atMs: atMs - began, kind, by: decidedBy });
    });
    pending.push(one);
    await delay(2);
  }
  await Promise.all(pending);
  return answers;
}

for (const fault of ["SIGKILL", "SIGSTOP"] as const) {
  test(`${fault} of Redis costs nobody an error and ends with its return`, async (t) => {
    const server = await startRedis(t);
    const limiter = limiterOf(t, { redis: server.url, policies: doorPolicies({ account: once(5) }) });
    await until("connected", () => limiter.mode === "redis");

    const running = load(limiter, 3000);
    await delay(300);
    await server.signal(fault);
    await delay(2500);
    assert.equal(limiter.mode, "degraded");
    const answers = await running;

    assert.ok(answers.length > 500);
    assert.ok(answers.every(({ kind }) => kind === "allowed"));
    // How long the first of them wait, and how soon Redis counts again, is measured by `npm run bench -- limits`.
    const later = answers.filter(({ atMs }) => atMs >= 1300);
    assert.ok(later.length > 0 && later.every(({ by }) => by === "local"));

    if (fault === "SIGKILL") await server.start();
    else await server.signal("SIGCONT");
    await until("back", () => limiter.mode === "redis", 30_000);
    assert.equal((await limiter.decide(ask)).decidedBy, "redis");
  });
}

test("while Redis is away every replica holds its share of the limit, and never opens", async (t) => {
  const server = await startRedis(t);
  const policies = doorPolicies({ account: once(20) });
  const limiters = [1, 2, 3, 4].map(() => limiterOf(t, { redis: server.url, policies, replicas: 4 }));
  for (const limiter of limiters) await until("connected", () => limiter.mode === "redis");
  await server.signal("SIGKILL");

  const decisions = await Promise.all(
    limiters.flatMap((limiter) => Array.from({ length: 100 }, () => limiter.decide(ask))),
  );

  assert.equal(decisions.filter(({ kind }) => kind === "allowed").length, 20);
  assert.ok(decisions.every(({ decidedBy }) => decidedBy === "local"));
});

test("a Redis that was never there is a limiter that decides alone from the first request", async (t) => {
  const limiter = limiterOf(t, {
    redis: `redis://127.0.0.1:${await freePort()}`,
    policies: doorPolicies({ account: once(2) }),
  });
  assert.equal(limiter.mode, "degraded");
  const kinds = [];
  for (let i = 0; i < 3; i += 1) kinds.push((await limiter.decide(ask)).kind);
  assert.deepEqual(kinds, ["allowed", "allowed", "refused"]);
});

test("a flushed script is loaded again without anybody noticing, and the buckets stand", async (t) => {
  const server = await startRedis(t);
  const redis = await connect(t, server);
  const modes: Mode[] = [];
  const limiter = limiterOf(t, {
    redis: server.url,
    policies: doorPolicies({ account: once(3) }),
    onMode: (mode) => modes.push(mode),
  });
  await until("connected", () => limiter.mode === "redis");
  await limiter.decide(ask);

  await redis.script("FLUSH");

  const decision = await limiter.decide(ask);
  assert.equal(decision.decidedBy, "redis");
  assert.equal(decision.buckets[0]?.left, 1);
  assert.equal(modes.includes("redis") && modes.at(-1) === "redis", true);
});

test("a restarted Redis serves again with buckets that began anew", async (t) => {
  const server = await startRedis(t);
  const limiter = limiterOf(t, { redis: server.url, policies: doorPolicies({ account: once(3) }) });
  await until("connected", () => limiter.mode === "redis");
  await limiter.decide(ask);
  await server.signal("SIGKILL");
  await until("noticed", () => limiter.mode === "degraded");
  await server.start();
  await until("back", () => limiter.mode === "redis");

  const decision = await limiter.decide(ask);

  assert.deepEqual([decision.decidedBy, decision.buckets[0]?.left], ["redis", 2]);
});

test("a full Redis (OOM) is as good as none, until it has room again", async (t) => {
  const server = await startRedis(t, "--maxmemory-policy", "noeviction");
  const redis = await connect(t, server);
  const reasons: string[] = [];
  const limiter = limiterOf(t, {
    redis: server.url,
    policies: doorPolicies({ account: once(1000) }),
    onMode: (mode, because) => reasons.push(`${mode}: ${because}`),
  });
  await until("connected", () => limiter.mode === "redis");
  await redis.config("SET", "maxmemory", "1");

  const answers = await load(limiter, 600);
  assert.ok(answers.every(({ kind, by }) => kind === "allowed" && by === "local"));
  assert.equal(limiter.mode, "degraded");
  assert.match(reasons.at(-1) ?? "", /OOM/);
  await delay(1200);
  assert.equal(limiter.mode, "degraded", "a probe that only asks for an answer would be fooled");

  await redis.config("SET", "maxmemory", "0");
  await until("back", () => limiter.mode === "redis");
  assert.equal((await limiter.decide(ask)).decidedBy, "redis");
});

test("a replica that takes no writes (READONLY) is as good as none, until it is promoted", async (t) => {
  const master = await startRedis(t);
  const replica = await startRedis(t, "--replicaof", `127.0.0.1 ${master.port}`);
  const redis = await connect(t, replica);
  const limiter = limiterOf(t, { redis: replica.url, policies: doorPolicies({ account: once(1000) }) });
  await delay(800);
  const answers = await load(limiter, 600);
  assert.ok(answers.every(({ kind, by }) => kind === "allowed" && by === "local"));
  assert.equal(limiter.mode, "degraded");

  await redis.replicaof("NO", "ONE");
  await until("back", () => limiter.mode === "redis");
  assert.equal((await limiter.decide(ask)).decidedBy, "redis");
});

test("a Redis that is loading its data is as good as none, until it has", async (t) => {
  const server = new RedisServer(await freePort(), [
    "--key-load-delay",
    "500",
    "--loading-process-events-interval-bytes",
    "1024",
  ]);
  t.after(() => server.remove());
  await server.start();
  const seed = new Redis(server.url);
  const pipeline = seed.pipeline();
  for (let i = 0; i < 4000; i += 1) pipeline.set(`seed:${i}`, "x".repeat(100));
  await pipeline.exec();
  await seed.save();
  seed.disconnect();
  await server.signal("SIGKILL");
  await server.start("Server initialized");

  const limiter = limiterOf(t, { redis: server.url, policies: doorPolicies({ account: once(1000) }) });
  for (let i = 0; i < 20; i += 1) {
    assert.equal((await limiter.decide(ask)).decidedBy, "local");
    await delay(10);
  }
  await until("back", () => limiter.mode === "redis", 10_000);
  assert.equal((await limiter.decide(ask)).decidedBy, "redis");
});

test("a foreign value under a bucket's key does not become the request's trouble", async (t) => {
  const server = await startRedis(t);
  const redis = await connect(t, server);
  const limiter = limiterOf(t, { redis: server.url, policies: doorPolicies({ class: once(10) }) });
  await until("connected", () => limiter.mode === "redis");
  await redis.lpush("{limit:test}:door:class", "not a bucket");

  // MGET reads a list as nothing, and the first write puts a bucket in its place.
  assert.equal((await limiter.decide(ask)).kind, "allowed");
});

test("a closed limiter goes on deciding alone", async (t) => {
  const server = await startRedis(t);
  const limiter = limiterOf(t, { redis: server.url, policies: doorPolicies({ account: once(2) }) });
  await until("connected", () => limiter.mode === "redis");
  limiter.close();
  assert.deepEqual((await limiter.decide(ask)).decidedBy, "local");
});
