import assert from "node:assert/strict";
import { test } from "node:test";
import { doorPolicies, limiterOf } from "./fixtures/setup.ts";
import { limitHeaders } from "./headers.ts";

const policies = doorPolicies({
  address: { capacity: 30, refill: 30, perSeconds: 60 },
  account: { capacity: 3, refill: 3, perSeconds: 90 },
  class: { capacity: 4, refill: 1, perSeconds: 7 },
});

test("an accepted request is told its policies and the tightest bucket, and nothing of the shared ones", async (t) => {
  const limiter = limiterOf(t, { policies, clock: () => 0 });
  assert.deepEqual(
    limitHeaders(await limiter.decide({ class: "door", address: "192.0.2.1", account: "a" })),
    {
      "ratelimit-policy": '"door.address";q=30;w=60, "door.account";q=3;w=90',
      ratelimit: '"door.account";r=2;t=30',
    },
  );
});

test("a refused request is told when to come back, to the second, and coming back then works", async (t) => {
  let nowMs = 0;
  const limiter = limiterOf(t, { policies, clock: () => nowMs });
  const ask = { class: "door", address: "192.0.2.1", account: "a" };
  for (let i = 0; i < 3; i += 1) await limiter.decide(ask);
  nowMs = 12_345;

  const headers = limitHeaders(await limiter.decide(ask));

  assert.equal(headers["retry-after"], "18");
  assert.equal(headers["ratelimit"], '"door.account";r=0;t=18');
  nowMs += 17_600;
  assert.equal((await limiter.decide(ask)).kind, "refused");
  nowMs += 400;
  assert.equal((await limiter.decide(ask)).kind, "allowed");
});

test("a request refused by a shared bucket learns only when to come back", async (t) => {
  const limiter = limiterOf(t, { policies, clock: () => 0 });
  for (let i = 0; i < 4; i += 1)
    await limiter.decide({ class: "door", address: `192.0.2.${i}`, account: `a${i}` });
  const headers = limitHeaders(await limiter.decide({ class: "door", address: "192.0.2.9", account: "z" }));
  assert.deepEqual(headers, { "retry-after": "7" });
});

test("in dry run nothing is told", async (t) => {
  const limiter = limiterOf(t, { policies: { ...policies, dryRun: true }, clock: () => 0 });
  const ask = { class: "door", account: "a" };
  for (let i = 0; i < 3; i += 1) await limiter.decide(ask);
  assert.deepEqual(limitHeaders(await limiter.decide(ask)), {});
});
