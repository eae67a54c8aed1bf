import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connect, startRedis } from "./fixtures/redis-server.ts";
import { LaneFull, Pacer, type PacerOptions } from "./pacer.ts";

function pacerOf(t: TestContext, options: Partial<PacerOptions>): Pacer {
  const lanes = { mail: { perSecond: 10, maxWaitMs: 1000 } };
  const pacer = new Pacer({ namespace: "test", secret: "only for tests", lanes, ...options });
  t.after(() => pacer.close());
  return pacer;
}

test("calls are queued to a steady rate, and those beyond the longest wait are refused", async (t) => {
  const pacer = pacerOf(t, { clock: () => 0 });
  const turns = [];
  for (let i = 0; i < 13; i += 1) turns.push(await pacer.reserve("mail"));
  assert.deepEqual(
    turns.slice(0, 11),
    Array.from({ length: 11 }, (_, i) => ({ kind: "go", afterMs: i * 100 })),
  );
  assert.deepEqual(turns.slice(11), [
    { kind: "refused", retryAfterMs: 100 },
    { kind: "refused", retryAfterMs: 100 },
  ]);
});

test("four instances share one steady rate, and nobody gets a turn twice", async (t) => {
  const server = await startRedis(t);
  const client = await connect(t, server);
  const lanes = { provider: { perSecond: 1000, maxWaitMs: 60_000 } };
  const pacers = [1, 2, 3, 4].map(() => pacerOf(t, { redis: client, lanes }));
  const began = performance.now();
  const turns = await Promise.all(
    pacers.flatMap((pacer) => Array.from({ length: 100 }, () => pacer.reserve("provider"))),
  );
  const tookMs = performance.now() - began;
  const latest = Math.max(...turns.map((turn) => (turn.kind === "go" ? turn.afterMs : Number.NaN)));
  assert.ok(latest <= 400 && latest >= 399 - tookMs, `${latest} ms, asked within ${tookMs} ms`);
});

test("a lane reserved in a future that cannot be is pulled back to the longest wait", async (t) => {
  const server = await startRedis(t);
  const client = await connect(t, server);
  const pacer = pacerOf(t, { redis: client });
  await pacer.reserve("mail");
  const key = "{limit:test}:mail:lane";
  const anHour = 3_600_000_000 * 16;
  await client.set(key, String(Number(await client.get(key)) + anHour));

  const turn = await pacer.reserve("mail");

  assert.ok(turn.kind === "refused" && turn.retryAfterMs <= 100, JSON.stringify(turn));
  assert.ok((await client.pttl(key)) <= 1101);
});

test("run makes the call when its turn comes, and not at all when the line is too long or nobody waits", async (t) => {
  const slept: number[] = [];
  const sleep = async (ms: number, signal: AbortSignal | undefined) => {
    slept.push(ms);
    signal?.throwIfAborted();
  };
  const lanes = { mail: { perSecond: 10, maxWaitMs: 200 } };
  const pacer = pacerOf(t, { lanes, sleep, clock: () => 0 });
  let calls = 0;
  const call = async () => {
    calls += 1;
    return calls;
  };

  assert.equal(await pacer.run("mail", call), 1);
  assert.equal(await pacer.run("mail", call), 2);
  await assert.rejects(pacer.run("mail", call, AbortSignal.abort(new Error("gone"))), /gone/);
  await assert.rejects(pacer.run("mail", call), (error: unknown) => {
    return error instanceof LaneFull && error.code === "lane_full" && error.retryAfterMs === 100;
  });
  assert.deepEqual([calls, slept], [2, [100, 200]]);
});

test("with Redis gone each replica paces at its share of the rate", async (t) => {
  const server = await startRedis(t);
  const client = await connect(t, server);
  const pacer = pacerOf(t, { redis: client, replicas: 4, clock: () => 0 });
  await server.signal("SIGKILL");
  assert.deepEqual(await pacer.reserve("mail"), { kind: "go", afterMs: 0 });
  assert.deepEqual(await pacer.reserve("mail"), { kind: "go", afterMs: 400 });
});

test("an unknown lane or a nonsense rate is a defect, not a wait", async (t) => {
  await assert.rejects(pacerOf(t, {}).reserve("toString"), RangeError);
  for (const perSecond of [0, -1, Number.NaN, Number.POSITIVE_INFINITY]) {
    assert.throws(() => pacerOf(t, { lanes: { x: { perSecond, maxWaitMs: 1 } } }), RangeError);
  }
});
