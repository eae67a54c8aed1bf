import assert from "node:assert/strict";
import { test } from "node:test";
import type { Decision } from "./decision.ts";
import { connect, startRedis } from "./fixtures/redis-server.ts";
import { doorPolicies, limiterOf, once, until } from "./fixtures/setup.ts";
import { DEFAULT_POLICIES } from "./policies.ts";

test("four instances hammering one key let in exactly what the bucket holds", async (t) => {
  const server = await startRedis(t);
  const policies = doorPolicies({ account: once(100) });
  const limiters = [1, 2, 3, 4].map(() => limiterOf(t, { redis: server.url, policies, replicas: 4 }));
  for (const limiter of limiters) await until("connected", () => limiter.mode === "redis");

  const asked = limiters.flatMap((limiter) =>
    Array.from({ length: 500 }, () => limiter.decide({ class: "door", account: "one" })),
  );
  const decisions = await Promise.all(asked);

  assert.equal(decisions.filter(({ kind }) => kind === "allowed").length, 100);
  assert.ok(decisions.every(({ decidedBy }) => decidedBy === "redis" || decidedBy === "memory"));
});

test("a look says what a decision would, at every instance, and takes nothing", async (t) => {
  const server = await startRedis(t);
  const redis = await connect(t, server);
  const policies = doorPolicies({ account: once(3), class: once(3) });
  const [one, other] = [1, 2].map(() => limiterOf(t, { redis: server.url, policies }));
  const alone = limiterOf(t, { policies, replicas: 5 });
  assert.ok(one !== undefined && other !== undefined);
  for (const limiter of [one, other]) await until("connected", () => limiter.mode === "redis");
  const ask = { class: "door", account: "a" };

  for (let i = 0; i < 50; i += 1) assert.equal(await other.peek(ask), undefined);
  assert.deepEqual(await redis.keys("*account*"), []);
  for (let i = 0; i < 3; i += 1) assert.equal((await one.decide(ask)).kind, "allowed");
  const refusal = await other.peek(ask);
  assert.ok(refusal !== undefined && refusal.scope === "account");
  assert.ok(refusal.retryAfterMs > 1_700_000 && refusal.retryAfterMs <= 1_800_000);
  assert.equal((await other.peek(ask))?.decidedBy, "memory");
  assert.equal(
    await other.peek({ class: "door", account: "b" }),
    undefined,
    "shared buckets are not looked at",
  );

  for (let i = 0; i < 50; i += 1) assert.equal(await alone.peek(ask), undefined);
  assert.equal((await alone.decide(ask)).kind, "allowed");
  assert.ok((await alone.peek(ask)) !== undefined);
});

test("a request refused by one bucket takes nothing from the others", async (t) => {
  const server = await startRedis(t);
  const policies = doorPolicies({ address: once(10), account: once(2) });
  const limiter = limiterOf(t, { redis: server.url, policies });
  await until("connected", () => limiter.mode === "redis");
  const ask = (account: string) => limiter.decide({ class: "door", address: "192.0.2.1", account });

  await Promise.all(Array.from({ length: 30 }, () => ask("busy")));

  const others = await Promise.all(Array.from({ length: 12 }, (_, i) => ask(`other-${i}`)));
  assert.equal(others.filter(({ kind }) => kind === "allowed").length, 8);
});

test("a known offender is refused without Redis until its Retry-After, and then let in", async (t) => {
  const server = await startRedis(t);
  const redis = await connect(t, server);
  const policies = doorPolicies({ address: { capacity: 5, refill: 1, perSeconds: 1 } });
  let nowMs = 1_000_000;
  const limiter = limiterOf(t, { redis: server.url, policies, clock: () => nowMs });
  await until("connected", () => limiter.mode === "redis");
  const ask = { class: "door", address: "192.0.2.1" };
  for (let i = 0; i < 5; i += 1) assert.equal((await limiter.decide(ask)).kind, "allowed");

  await redis.config("RESETSTAT");
  for (let i = 0; i < 1000; i += 1) {
    const decision = await limiter.decide(ask);
    assert.equal(decision.decidedBy, "memory");
  }
  assert.doesNotMatch(await redis.info("commandstats"), /evalsha/);

  const refusal = limiter.known(ask);
  assert.ok(refusal !== undefined && refusal.retryAfterMs > 900 && refusal.retryAfterMs <= 1000);
  nowMs += refusal.retryAfterMs;
  assert.equal(limiter.known(ask), undefined);
  await new Promise((resolve) => setTimeout(resolve, refusal.retryAfterMs));
  assert.equal((await limiter.decide(ask)).kind, "allowed");
});

test("an offender's cheaper request is not refused by what a dearer one left behind", async (t) => {
  const server = await startRedis(t);
  const limiter = limiterOf(t, { redis: server.url, policies: doorPolicies({ account: once(10) }) });
  await until("connected", () => limiter.mode === "redis");
  const ask = (cost: number) => limiter.decide({ class: "door", account: "a", cost });

  assert.equal((await ask(6)).kind, "allowed");
  assert.equal((await ask(6)).kind, "refused");
  assert.equal((await ask(4)).kind, "allowed");
  assert.equal((await ask(1)).kind, "refused");
});

test("the memory of offenders is bounded, and whoever fell out of it is still refused", async (t) => {
  const server = await startRedis(t);
  const limiter = limiterOf(t, {
    redis: server.url,
    policies: doorPolicies({ account: once(1) }),
    maxOffenders: 10,
  });
  await until("connected", () => limiter.mode === "redis");
  await Promise.all(
    Array.from({ length: 200 }, (_, i) => limiter.decide({ class: "door", account: `a${i}` })),
  );

  const second = [];
  for (let i = 199; i >= 0; i -= 1) second.push(await limiter.decide({ class: "door", account: `a${i}` }));

  assert.ok(second.every(({ kind }) => kind === "refused"));
  const remembered = second.filter(({ decidedBy }) => decidedBy === "memory").length;
  assert.ok(remembered > 0 && remembered <= 10, `${remembered}`);
});

test("made-up names leave only short, expiring, unreadable keys, and meet the shared bucket", async (t) => {
  const server = await startRedis(t);
  const redis = await connect(t, server);
  const policies = doorPolicies(
    { account: once(5), pair: once(5), class: once(300) },
    { service: once(1000) },
  );
  const limiter = limiterOf(t, { redis: server.url, policies, namespace: "n".repeat(32) });
  await until("connected", () => limiter.mode === "redis");
  const name = (i: number) => `viewer${i}@example.org`.repeat(20);

  const decisions = await Promise.all(
    Array.from({ length: 1000 }, (_, i) =>
      limiter.decide({ class: "door", address: "2001:db8::1", account: name(i) }),
    ),
  );

  assert.equal(decisions.filter(({ kind }) => kind === "allowed").length, 300);
  const keys = await redis.keys("*");
  assert.equal(keys.filter((key) => key.includes(":pair:")).length, 300);
  for (const key of keys) {
    assert.ok(key.length <= 128, key);
    assert.ok(!key.includes("viewer") && !key.includes("2001"), key);
    assert.ok((await redis.pttl(key)) > 0, key);
  }
});

test("all spellings and neighbours of an address are one caller, and many of its prefixes meet a wider bucket", async (t) => {
  const server = await startRedis(t);
  const policies = doorPolicies({ address: once(3), network: once(20) });
  const limiter = limiterOf(t, { redis: server.url, policies });
  await until("connected", () => limiter.mode === "redis");
  const allowed = async (addresses: string[]) => {
    const decisions = await Promise.all(
      addresses.map((address) => limiter.decide({ class: "door", address })),
    );
    return decisions.filter(({ kind }) => kind === "allowed").length;
  };

  const hex = (n: number) => n.toString(16);
  assert.equal(await allowed(Array.from({ length: 1000 }, (_, i) => `2001:db8:1:1::${hex(i + 1)}`)), 3);
  assert.equal(
    await allowed(["::ffff:198.51.100.7", "198.51.100.7", "::FFFF:c633:6407", "::ffff:198.51.100.7"]),
    3,
  );
  assert.equal(
    await allowed(["2001:DB8:2::1", "2001:db8:2:0:0:0:0:1", "2001:0db8:0002::0001", "2001:db8:2::9"]),
    3,
  );
  assert.equal(await allowed(Array.from({ length: 256 }, (_, i) => `2001:db8:3:${hex(i)}::1`)), 20);
});

test("a request whose address cannot be told shares one bucket with its like", async (t) => {
  const limiter = limiterOf(t, { policies: doorPolicies({ address: once(3) }) });
  const odd = [undefined, "", "unknown", "1.2.3", "999.1.1.1", "x".repeat(10_000), "1.2.3.4, 5.6.7.8"];
  const decisions = await Promise.all(odd.map((address) => limiter.decide({ class: "door", address })));
  assert.equal(decisions.filter(({ kind }) => kind === "allowed").length, 3);
});

test("a charge takes what is there, is never refused, and spares the shared buckets", async (t) => {
  const server = await startRedis(t);
  const limiter = limiterOf(t, {
    redis: server.url,
    policies: doorPolicies({ account: once(10), class: once(1000) }),
  });
  await until("connected", () => limiter.mode === "redis");
  const ask = { class: "door", account: "a" };
  const left = (decision: Decision) =>
    Object.fromEntries(decision.buckets.map(({ scope, left }) => [scope, left]));

  await limiter.decide(ask);
  await limiter.charge({ ...ask, cost: 4 });
  assert.deepEqual(left(await limiter.decide(ask)), { account: 4, class: 998 });

  await limiter.charge({ ...ask, cost: 100 });
  assert.equal((await limiter.decide(ask)).kind, "refused");
  assert.equal((await limiter.decide({ class: "door", account: "b" })).kind, "allowed");
});

test("other policies hold from the next request on, without a restart", async (t) => {
  const server = await startRedis(t);
  const limiter = limiterOf(t, { redis: server.url, policies: doorPolicies({ account: once(2) }) });
  await until("connected", () => limiter.mode === "redis");
  const ask = () => limiter.decide({ class: "door", account: "a" });
  const kinds = async (n: number) => {
    const decisions = [];
    for (let i = 0; i < n; i += 1) decisions.push((await ask()).kind);
    return decisions;
  };
  assert.deepEqual(await kinds(3), ["allowed", "allowed", "refused"]);

  limiter.setPolicies(doorPolicies({ account: { capacity: 10, refill: 10_000, perSeconds: 1 } }));
  // What was owed under the old limit is cut down to an empty bucket of the new one, which fills in a millisecond.
  await ask();
  await new Promise((resolve) => setTimeout(resolve, 5));
  assert.deepEqual(await kinds(3), ["allowed", "allowed", "allowed"]);

  limiter.setPolicies(doorPolicies({ account: once(1) }));
  assert.deepEqual((await kinds(5)).slice(1), ["refused", "refused", "refused", "refused"]);
});

test("dry run lets everybody in and reports who would have been refused", async (t) => {
  const reported: Decision[] = [];
  const policies = doorPolicies({ account: once(1) }, { dryRun: true });
  const limiter = limiterOf(t, { policies, onDecision: (decision) => reported.push(decision) });
  const ask = { class: "door", account: "a" };
  await limiter.decide(ask);

  const decision = await limiter.decide(ask);

  assert.ok(decision.kind === "allowed");
  assert.equal(decision.wouldRefuse?.scope, "account");
  assert.deepEqual(reported.at(-1), decision);
  assert.equal(limiter.known(ask), undefined);
});

test("the allow-list is never refused and takes nothing", async (t) => {
  const policies = doorPolicies(
    { address: once(1), class: once(2) },
    { allow: ["10.0.0.0/8", "2001:db8::/32"] },
  );
  const limiter = limiterOf(t, { policies });
  for (const address of ["10.9.8.7", "::ffff:10.1.1.1", "2001:db8::5"]) {
    for (let i = 0; i < 5; i += 1) {
      const decision = await limiter.decide({ class: "door", address });
      assert.deepEqual([decision.kind, decision.decidedBy], ["allowed", "allow-list"]);
    }
  }
  assert.equal((await limiter.decide({ class: "door", address: "11.0.0.1" })).kind, "allowed");
  assert.equal((await limiter.decide({ class: "door", address: "11.0.0.2" })).kind, "allowed");
  assert.equal((await limiter.decide({ class: "door", address: "11.0.0.3" })).kind, "refused");
});

test("without Redis the process decides alone, says so, and keeps a bounded number of buckets", async (t) => {
  let nowMs = 0;
  const policies = doorPolicies({ account: { capacity: 4, refill: 1, perSeconds: 10 }, class: once(500) });
  const limiter = limiterOf(t, { policies, replicas: 2, maxLocalBuckets: 100, clock: () => nowMs });
  assert.equal(limiter.mode, "local");
  const ask = (account: string) => limiter.decide({ class: "door", account });

  assert.equal((await ask("a")).kind, "allowed");
  assert.equal((await ask("a")).kind, "allowed");
  const refused = await ask("a");
  assert.ok(refused.kind === "refused");
  assert.equal(refused.retryAfterMs, 20_000);
  nowMs += refused.retryAfterMs;
  assert.equal((await ask("a")).kind, "allowed");

  const flood = await Promise.all(Array.from({ length: 1000 }, (_, i) => ask(`made-up-${i}`)));
  assert.equal(flood.filter(({ kind }) => kind === "allowed").length, 250 - 3);
});

test("an unknown class is decided as the default class, and a nonsense cost as the class's own", async (t) => {
  const limiter = limiterOf(t, { policies: doorPolicies({ account: once(2) }) });
  for (const cost of [Number.NaN, -5]) {
    const decision = await limiter.decide({ class: "constructor", account: "a", cost });
    assert.deepEqual([decision.kind, decision.class, decision.cost], ["allowed", "door", 1]);
  }
  assert.equal((await limiter.decide({ class: "door", account: "a" })).kind, "refused");
});

test("an observer that throws does not become the request's trouble", async (t) => {
  const onDecision = () => {
    throw new Error("metrics are broken");
  };
  const limiter = limiterOf(t, { policies: DEFAULT_POLICIES, onDecision });
  assert.equal(
    (await limiter.decide({ class: "sign-in", address: "192.0.2.1", account: "a" })).kind,
    "allowed",
  );
});

test("options out of bounds stop the service from starting", (t) => {
  for (const wrong of [
    { namespace: "Bad Name" },
    { deadlineMs: 500 },
    { replicas: 0 },
    { maxOffenders: -1 },
  ]) {
    assert.throws(() => limiterOf(t, wrong), RangeError);
  }
});
