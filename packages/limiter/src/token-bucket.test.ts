import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { Redis } from "ioredis";
import { rateOf, takeOf } from "./bucket.ts";
import { type Claim, shareOf } from "./claim.ts";
import { CLOCKED, clockArguments, EPOCH_US } from "./fixtures/clocked.ts";
import { connect, startRedis } from "./fixtures/redis-server.ts";
import { LocalBuckets } from "./local-buckets.ts";
import { TOKEN_BUCKET } from "./redis-buckets.ts";

/** The textbook bucket, in exact fractions: `tokens` are counted in ticks of refill, so nothing is ever rounded. */
class ModelBucket {
  readonly #windowTicks: bigint;
  #tokens: bigint;
  #atTicks = 0n;

  constructor(windowTicks: bigint) {
    this.#windowTicks = windowTicks;
    this.#tokens = windowTicks;
  }

  /** Ticks short of `take`; 0 if it can be afforded. */
  short(take: bigint, nowTicks: bigint): bigint {
    const refilled = this.#tokens + (nowTicks > this.#atTicks ? nowTicks - this.#atTicks : 0n);
    this.#tokens = refilled > this.#windowTicks ? this.#windowTicks : refilled;
    this.#atTicks = nowTicks;
    return take > this.#tokens ? take - this.#tokens : 0n;
  }

  take(take: bigint): void {
    this.#tokens = take > this.#tokens ? 0n : this.#tokens - take;
  }

  get debt(): bigint {
    return this.#windowTicks - this.#tokens;
  }
}

const bucketPolicy = fc.record({
  capacity: fc.integer({ min: 1, max: 50 }),
  refill: fc.integer({ min: 1, max: 70_000 }),
  perSeconds: fc.constantFrom(1, 7, 60, 3600),
});

const schedule = fc.array(
  fc.record({
    // From calls in the same microsecond to pauses that fill any bucket many times over.
    pauseUs: fc.oneof(
      fc.constant(0),
      fc.integer({ min: 0, max: 50_000 }),
      fc.integer({ min: 0, max: 5_000_000_000 }),
    ),
    cost: fc.integer({ min: 1, max: 60 }),
    charge: fc.integer({ min: 0, max: 9 }).map((n) => n === 0),
    first: fc.boolean(),
    second: fc.boolean(),
  }),
  { minLength: 1, maxLength: 40 },
);

let run = 0;

test("the script agrees with the model of the bucket on any schedule, to the last tick", async (t) => {
  const redis = await connect(t, await startRedis(t));
  await fc.assert(
    fc.asyncProperty(bucketPolicy, bucketPolicy, schedule, async (one, two, calls) => {
      run += 1;
      const rates = [rateOf(one), rateOf(two)];
      const names = [`{m}:${run}:a`, `{m}:${run}:b`];
      const models = rates.map((rate) => new ModelBucket(BigInt(rate.windowUs * 16)));
      let nowUs = EPOCH_US + 60_000_000_000_000n;
      for (const call of calls) {
        nowUs += BigInt(call.pauseUs);
        const used = [call.first || !call.second, call.second].flatMap((use, i) => (use ? [i] : []));
        const takes = used.map((i) => takeOf(rates[i] ?? rateOf(one), call.cost) * 16);
        const windows = used.map((i) => (rates[i]?.windowUs ?? 0) * 16);
        const numbers = [
          0,
          ...windows,
          call.charge ? -used.length : used.length,
          ...used.flatMap((_, k) => [k + 1, takes[k] ?? 0]),
        ];
        const reply = await clocked(
          redis,
          used.map((i) => names[i] ?? ""),
          numbers,
          nowUs,
        );
        const nowTicks = (nowUs - EPOCH_US) * 16n;
        const short = used.map((i, k) => models[i]?.short(BigInt(takes[k] ?? 0), nowTicks) ?? 0n);
        const allowed = call.charge || short.every((ticks) => ticks === 0n);
        for (const [k, i] of used.entries()) if (allowed) models[i]?.take(BigInt(takes[k] ?? 0));
        assert.deepEqual(reply, [allowed ? 1 : 0, ...used.map((i) => Number(models[i]?.debt ?? -1n))]);
      }
    }),
    { numRuns: 150 },
  );
});

test("the in-process bucket decides as the script does", async () => {
  await fc.assert(
    fc.asyncProperty(bucketPolicy, schedule, async (policy, calls) => {
      const rate = rateOf(policy);
      const local = new LocalBuckets({ replicas: 1, maxBuckets: 100 });
      const model = new ModelBucket(BigInt(rate.windowUs * 16));
      let nowUs = 1_000_000;
      for (const { pauseUs, cost, charge } of calls) {
        nowUs += pauseUs;
        const takeUs = takeOf(rate, cost);
        const outcome = local.decide(
          { buckets: [{ key: "k", rate, takeUs }], charge, shared: 0, kind: {} },
          nowUs,
        );
        const short = model.short(BigInt(takeUs * 16), BigInt(nowUs) * 16n);
        const allowed = charge || short === 0n;
        if (allowed) model.take(BigInt(takeUs * 16));
        assert.equal(outcome.allowed, allowed);
        assert.equal((outcome.debtsUs[0] ?? -1) * 16, Number(model.debt));
      }
    }),
    { numRuns: 300 },
  );
});

test("a share among replicas never adds up to more than the whole, but for one request each", () => {
  fc.assert(
    fc.property(
      bucketPolicy,
      fc.integer({ min: 1, max: 60 }),
      fc.integer({ min: 1, max: 16 }),
      (policy, cost, n) => {
        const rate = rateOf(policy);
        const bucket = { key: "k", rate, takeUs: takeOf(rate, cost) };
        const share = shareOf(bucket, n);
        const atOnce = Math.floor(share.windowUs / share.takeUs);
        assert.ok(atOnce >= 1);
        assert.ok(atOnce === 1 || atOnce * n <= Math.floor(rate.windowUs / bucket.takeUs));
      },
    ),
  );
});

test("requests of a batch are decided as if they had come one by one", async (t) => {
  const redis = await connect(t, await startRedis(t));
  const windows = [16_000_000, 32_000_000];
  const requests = [
    [2, 1, 6_000_000, 2, 6_000_000],
    [1, 2, 20_000_000],
    [2, 1, 6_000_000, 2, 7_000_000],
    [-1, 1, 9_000_000],
    [1, 1, 6_000_000],
    [1, 2, 6_000_000],
  ];
  const now = EPOCH_US + 60_000_000_000_000n;
  const together = await clocked(redis, ["{x}:1", "{x}:2"], [0, ...windows, ...requests.flat()], now);
  const apart: unknown[] = [];
  for (const request of requests) {
    apart.push(...(await clocked(redis, ["{y}:1", "{y}:2"], [0, ...windows, ...request], now)));
  }
  assert.deepEqual(together, apart);
});

test("shared buckets give a batch exactly what they would give its requests one by one", async (t) => {
  const redis = await connect(t, await startRedis(t));
  const request = fc.record({
    own: fc.constantFrom(1, 2, 3),
    take: fc.integer({ min: 1, max: 40 }),
    charge: fc.integer({ min: 0, max: 5 }).map((n) => n === 0),
  });
  const batch = fc.array(request, { minLength: 1, maxLength: 16 });
  const windows = fc.tuple(fc.integer({ min: 10, max: 200 }), fc.integer({ min: 10, max: 200 }));
  await fc.assert(
    fc.asyncProperty(batch, windows, async (requests, [one, two]) => {
      run += 1;
      const now = EPOCH_US + 60_000_000_000_000n;
      const takes = [7, 5];
      const layout = [2, one, two, 90, 90, 90, ...takes];
      const keys = (name: string) => [1, 2, 3, 4, 5].map((i) => `{${name}}:${run}:${i}`);
      const numbersOf = ({ own, take, charge }: (typeof requests)[number]) => [
        charge ? -1 : 1,
        own + 2,
        take,
      ];

      const together = await clocked(redis, keys("x"), [...layout, ...requests.flatMap(numbersOf)], now);
      const apart: number[] = [];
      let shared: number[] = [];
      for (const each of requests) {
        const reply = await clocked(redis, keys("y"), [...layout, ...numbersOf(each)], now);
        apart.push(...reply.slice(0, 2));
        shared = reply.slice(2);
      }
      assert.deepEqual(together, [...apart, ...shared]);
      // And what was granted is what the tighter of the two could give.
      const granted = requests.filter(({ charge }, i) => !charge && apart[2 * i] === 1).length;
      assert.deepEqual(shared, [granted * 7, granted * 5]);
      assert.ok(granted * 7 <= one && granted * 5 <= two);
    }),
    { numRuns: 100 },
  );
});

test("a clock that moves back locks nobody longer than one window, and forward gives one burst at most", async (t) => {
  const redis = await connect(t, await startRedis(t));
  const window = 10_000_000 * 16;
  const ask = [0, window, 1, 1, window / 10];
  const hour = 3_600_000_000n;
  let now = EPOCH_US + 60_000_000_000_000n;
  assert.deepEqual(await clocked(redis, ["{c}:1"], ask, now), [1, window / 10]);

  now -= hour;
  assert.deepEqual(
    await clocked(redis, ["{c}:1"], ask, now),
    [0, window],
    "an impossible future reads as empty",
  );
  assert.deepEqual(
    await clocked(redis, ["{c}:1"], ask, now + 1_000_000n),
    [1, window],
    "and refills from there, although the old time is an hour away",
  );

  now += 2n * hour;
  let accepted = 0;
  for (let i = 0; i < 50; i += 1) {
    const [allowed] = await clocked(redis, ["{c}:1"], ask, now);
    accepted += allowed === 1 ? 1 : 0;
  }
  assert.equal(accepted, 10);
});

/** The service's own script, as it is run where Redis has forgotten it. */
const runScript = (redis: Redis, key: string, ask: string) => redis.eval(TOKEN_BUCKET.source, 1, key, ask); // Redis's EVAL

test("a bucket's stored time moved an hour either way is pulled back within its bounds by the real clock", async (t) => {
  const redis = await connect(t, await startRedis(t));
  const window = 10_000_000 * 16;
  const ask = JSON.stringify([0, window, 1, 1, window / 10]);
  const hour = 3_600_000_000 * 16;
  await runScript(redis, "{s}:1", ask);

  await redis.set("{s}:1", String(Number(await redis.get("{s}:1")) + hour));
  const [refused, debt] = numbers(await runScript(redis, "{s}:1", ask));
  assert.equal(refused, 0);
  assert.equal(debt, window);
  assert.ok((await redis.pttl("{s}:1")) <= 10_000);

  await redis.set("{s}:1", String(Number(await redis.get("{s}:1")) - 2 * hour));
  assert.deepEqual(await runScript(redis, "{s}:1", ask), [1, window / 10]);
});

test("what a foreign hand wrote into a bucket does not stop the script", async (t) => {
  const redis = await connect(t, await startRedis(t));
  const ask = JSON.stringify([0, 16_000_000, 1, 1, 1_600_000]);
  for (const garbage of ["", "nan", "inf", "-inf", "-1e308", "0x", "rubbish"]) {
    await redis.set("{g}:1", garbage);
    const [allowed, debt] = numbers(await runScript(redis, "{g}:1", ask));
    assert.ok(allowed === 0 || allowed === 1, garbage);
    assert.ok(debt !== undefined && debt >= 0 && debt <= 16_000_000, garbage);
  }
});

test("a bucket lives exactly as long as it is not full", async (t) => {
  const redis = await connect(t, await startRedis(t));
  const claim: Claim = {
    charge: false,
    shared: 0,
    kind: {},
    buckets: [
      { key: "{l}:1", rate: rateOf({ capacity: 10, refill: 10, perSeconds: 60 }), takeUs: 6_000_000 },
    ],
  };
  const [bucket] = claim.buckets;
  assert.ok(bucket);
  const ask = JSON.stringify([0, bucket.rate.windowUs * 16, 1, 1, bucket.takeUs * 16]);
  await runScript(redis, "{l}:1", ask);
  const ttl = await redis.pttl("{l}:1");
  assert.ok(ttl > 5000 && ttl <= 6001, `${ttl} ms`);
});

async function clocked(
  redis: Redis,
  keys: readonly string[],
  asked: readonly number[],
  nowUs: bigint,
): Promise<number[]> {
  const asking = [JSON.stringify(asked), ...clockArguments(nowUs)];
  // With its clock handed in it is a script that no client knows.
  return numbers(await redis.eval(CLOCKED, keys.length, ...keys, ...asking)); // Redis's EVAL, of a script of ours
}

function numbers(reply: unknown): number[] {
  assert.ok(Array.isArray(reply));
  return reply.map(Number);
}
