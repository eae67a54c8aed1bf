import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fastify, { type FastifyInstance } from "fastify";
import { doorPolicies, limiterOf, once } from "./fixtures/setup.ts";
import type { LimiterOptions } from "./limiter.ts";
import { type LimitsOptions, limits } from "./plugin.ts";

/** What a service makes of a refusal. */
class TooMany extends Error {
  readonly statusCode = 429;
  readonly code = "rate_limited";
}

async function service(
  t: TestContext,
  options: Partial<LimiterOptions> = {},
  plugin: Partial<LimitsOptions> = {},
): Promise<FastifyInstance> {
  const app = fastify();
  t.after(() => app.close());
  const limiter = limiterOf(t, { policies: doorPolicies({ address: once(3) }), ...options });
  await app.register(limits, {
    limiter,
    trustedProxies: ["127.0.0.1/32"],
    refuse: (_request, { retryAfterMs }) => new TooMany(`again in ${retryAfterMs} ms`),
    ...plugin,
  });
  app.get("/plain", async (request) => request.clientAddress);
  app.get("/dear", { config: { limit: { class: "door", cost: 3 } } }, async () => "ok");
  app.get("/livez", { config: { limit: false } }, async () => "ok");
  app.post(
    "/sign-in",
    {
      config: { limit: { class: "door", account: (request) => (request.body as { email: string }).email } },
      schema: { body: { type: "object", required: ["email"], properties: { email: { type: "string" } } } },
    },
    async () => "ok",
  );
  return app;
}

const from = (address: string) => ({ "x-forwarded-for": address });

test("a route without a class of its own is limited as the default class, and the answer says how much is left", async (t) => {
  const app = await service(t);
  const get = () => app.inject({ url: "/plain", headers: from("203.0.113.9") });

  const first = await get();
  assert.equal(first.body, "203.0.113.9");
  assert.equal(first.headers["ratelimit"], '"door.address";r=2;t=1800');
  assert.equal(first.headers["ratelimit-policy"], '"door.address";q=3;w=5400');
  await get();
  await get();

  const refused = await get();
  assert.equal(refused.statusCode, 429);
  assert.equal(refused.json().code, "rate_limited");
  assert.equal(refused.headers["retry-after"], "1800");
  assert.equal(refused.headers["ratelimit"], '"door.address";r=0;t=1800');
  assert.ok(refused.rawPayload.length < 1024);
});

test("unknown paths are limited too", async (t) => {
  const app = await service(t);
  const statuses = [];
  for (let i = 0; i < 5; i += 1) statuses.push((await app.inject({ url: `/nowhere/${i}` })).statusCode);
  assert.deepEqual(statuses, [404, 404, 404, 429, 429]);
});

test("health is outside: never refused, nothing taken, nothing told", async (t) => {
  const app = await service(t);
  for (let i = 0; i < 10; i += 1) {
    const { statusCode, headers } = await app.inject({ url: "/livez" });
    assert.deepEqual([statusCode, headers["ratelimit"]], [200, undefined]);
  }
  assert.equal((await app.inject({ url: "/plain" })).headers["ratelimit"], '"door.address";r=2;t=1800');
});

test("a dear route takes what it costs", async (t) => {
  const app = await service(t);
  assert.equal((await app.inject({ url: "/dear" })).statusCode, 200);
  assert.equal((await app.inject({ url: "/plain" })).statusCode, 429);
});

test("the account aimed at is read from the body, and one account is guarded from all addresses", async (t) => {
  const app = await service(t, { policies: doorPolicies({ address: once(100), account: once(3) }) });
  const statuses = [];
  for (let i = 0; i < 5; i += 1) {
    const headers = from(`198.51.100.${i}`);
    statuses.push(
      (await app.inject({ method: "POST", url: "/sign-in", headers, payload: { email: "a@b.example" } }))
        .statusCode,
    );
  }
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
});

test("bodies that fail validation are not free, and a known offender's body is not even read", async (t) => {
  const app = await service(t);
  const post = (payload: object | string) =>
    app.inject({ method: "POST", url: "/sign-in", payload, headers: { "content-type": "application/json" } });
  const statuses = [];
  for (let i = 0; i < 3; i += 1) statuses.push((await post("{ not json")).statusCode);
  for (let i = 0; i < 3; i += 1) statuses.push((await post({ email: "a@b.example" })).statusCode);
  assert.deepEqual(statuses, [400, 400, 400, 429, 429, 429]);
});

test("without Redis, too, nobody sends bodies that fail validation for ever", async (t) => {
  const app = await service(t, { redis: undefined });
  const statuses = [];
  for (let i = 0; i < 5; i += 1)
    statuses.push((await app.inject({ method: "POST", url: "/sign-in", payload: {} })).statusCode);
  assert.deepEqual(statuses, [400, 400, 400, 429, 429]);
});

test("headers from a client that is no trusted proxy change nothing", async (t) => {
  const app = await service(t, {}, { trustedProxies: [] });
  const statuses = [];
  for (let i = 0; i < 5; i += 1) {
    const spoofed = {
      "x-forwarded-for": `203.0.113.${i}`,
      "x-real-ip": `203.0.113.${i}`,
      forwarded: `for=203.0.113.${i}`,
    };
    statuses.push((await app.inject({ url: "/plain", headers: spoofed })).statusCode);
  }
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
});

test("through a trusted proxy a made-up beginning of the header changes nothing", async (t) => {
  const app = await service(t);
  const statuses = [];
  for (let i = 0; i < 5; i += 1) {
    statuses.push(
      (await app.inject({ url: "/plain", headers: from(`10.0.0.${i}, 203.0.113.9`) })).statusCode,
    );
  }
  assert.deepEqual(statuses, [200, 200, 200, 429, 429]);
});

test("in dry run nobody is refused and nothing is told", async (t) => {
  const app = await service(t, { policies: doorPolicies({ address: once(1) }, { dryRun: true }) });
  for (let i = 0; i < 5; i += 1) {
    const { statusCode, headers } = await app.inject({ url: "/plain" });
    assert.equal(statusCode, 200);
    assert.equal(headers["retry-after"], undefined);
  }
});

test("a misspelt class or proxy range stops the service from starting", async (t) => {
  const app = await service(t);
  assert.throws(() => app.get("/x", { config: { limit: { class: "dooor" } } }, async () => "ok"), /dooor/);
  await assert.rejects(service(t, {}, { trustedProxies: ["10.0.0.0/99"] }), /10\.0\.0\.0\/99/);
});
