/** What four instances let in of a long random load, with Redis's clock moved by hand: nothing here is timed. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { EPOCH_US, withClock } from "./fixtures/clocked.ts";
import { connect, startRedis } from "./fixtures/redis-server.ts";
import { doorPolicies, limiterOf, until } from "./fixtures/setup.ts";
import type { Limiter } from "./limiter.ts";

const BUCKET = { capacity: 100, refill: 50, perSeconds: 1 };
const TOKEN_MS = 20;

/** Who asks together, and how long after the ones before: over a minute of three times what the bucket gives. */
const load = fc.array(
  fc.record({
    pauseMs: fc.oneof(fc.integer({ min: 0, max: 60 }), fc.integer({ min: 0, max: 400 })),
    askers: fc.array(fc.integer({ min: 0, max: 3 }), { minLength: 1, maxLength: 35 }),
  }),
  { minLength: 600, maxLength: 600 },
);

test("four instances let in all that the bucket holds and gets back, to the last token, and no window more", async (t) => {
  const server = await startRedis(t);
  let nowMs = 60_000;
  let run = 0;
  const redisNowUs = () => EPOCH_US + BigInt(nowMs) * 1000n;
  const limiters: Limiter[] = [];
  for (let i = 0; i < 4; i += 1) {
    const redis = withClock(await connect(t, server), redisNowUs);
    const policies = doorPolicies({ key: BUCKET });
    limiters.push(limiterOf(t, { redis, policies, replicas: 4, deadlineMs: 100, clock: () => nowMs }));
  }
  await fc.assert(
    fc.asyncProperty(load, async (steps) => {
      run += 1;
      const acceptedAtMs: number[] = [];
      let model = { tokensMs: BUCKET.capacity * TOKEN_MS, atMs: nowMs };
      for (const { pauseMs, askers } of steps) {
        nowMs += pauseMs;
        for (const limiter of limiters) await until("connected", () => limiter.mode === "redis");
        const decisions = await Promise.all(
          askers.map((who) => limiters[who]?.decide({ class: "door", key: `k${run}` })),
        );
        const accepted = decisions.filter((decision) => decision?.kind === "allowed").length;

        const refilledMs = Math.min(BUCKET.capacity * TOKEN_MS, model.tokensMs + nowMs - model.atMs);
        const affordable = Math.min(askers.length, Math.floor(refilledMs / TOKEN_MS));
        assert.equal(accepted, affordable, `at ${nowMs} ms`);
        model = { tokensMs: refilledMs - accepted * TOKEN_MS, atMs: nowMs };
        for (let i = 0; i < accepted; i += 1) acceptedAtMs.push(nowMs);
      }
      assertNoWindowOver(acceptedAtMs);
    }),
    { numRuns: 3, endOnFailure: true },
  );
});

function assertNoWindowOver(acceptedAtMs: readonly number[]): void {
  for (const [first, from] of acceptedAtMs.entries()) {
    for (let last = first; last < acceptedAtMs.length; last += 1) {
      const lastedMs = (acceptedAtMs[last] ?? 0) - from;
      const bound = BUCKET.capacity + lastedMs / TOKEN_MS;
      if (last - first + 1 > bound) assert.fail(`${last - first + 1} within ${lastedMs} ms`);
    }
  }
}
