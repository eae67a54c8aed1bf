import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer, type RequestListener } from "node:http";
import type { AddressInfo } from "node:net";
import { type TestContext, test } from "node:test";
import { FaultProxy } from "../testing/fault-proxy.ts";
import { TestAuth } from "../testing/test-auth.ts";
import { Breaker } from "./breaker.ts";
import { CallFailed } from "./call-failed.ts";
import { type ResilientFetchOptions, resilientFetch } from "./resilient-fetch.ts";
import { RetryBudget } from "./retry-budget.ts";
import { Throttle } from "./throttle.ts";

async function serve(t: TestContext, listener: RequestListener): Promise<string> {
  const server = createServer(listener);
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  return `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
}

/** Never dropped by chance: the throttle has its own test. */
const steady = (options: ResilientFetchOptions = {}) =>
  resilientFetch({ deadlineMs: 2_000, random: () => 0.999, ...options });

const kindOf = (call: Promise<Response>) =>
  call.then(
    ({ status }) => String(status),
    (error: unknown) => (error instanceof CallFailed ? error.kind : String(error)),
  );

test("an answer comes through whole, with its status and headers", async (t) => {
  const url = await serve(t, (request, response) => {
    response.writeHead(201, { "x-method": request.method ?? "" });
    request.pipe(response);
  });
  const response = await steady()(url, { method: "POST", body: "hello" });
  assert.deepEqual(
    [response.status, response.headers.get("x-method"), await response.text()],
    [201, "POST", "hello"],
  );
});

test("a stopped peer costs the deadline and no more, and then not even that", {
  timeout: 30_000,
}, async (t) => {
  const auth = await TestAuth.start();
  t.after(() => auth.kill());
  const call = resilientFetch({ deadlineMs: 150 });
  assert.equal((await call(auth.url)).status, 404);
  auth.freeze();
  const kinds = new Set<string>();
  for (let index = 0; index < 20; index += 1) {
    // Without the deadline this would wait for ever.
    kinds.add(await kindOf(call(auth.url)));
  }
  // Which of the two stops asking first is a matter of chance: the throttle rolls a die.
  assert.ok(
    kinds.has("deadline") && (kinds.has("breaker_open") || kinds.has("throttled")),
    [...kinds].join(),
  );
});

test("a slow body, an endless one and a redirect are failures", async (t) => {
  const url = await serve(t, (request, response) => {
    if (request.url === "/slow") return void response.write("half");
    if (request.url === "/endless") return void response.end("x".repeat(5_000));
    response.writeHead(302, { location: "http://127.0.0.1:1/" }).end();
  });
  const call = () => steady({ deadlineMs: 200, maxAnswerBytes: 4_000, maxAttempts: 1 });
  assert.equal(await kindOf(call()(`${url}slow`)), "deadline");
  assert.equal(await kindOf(call()(`${url}endless`)), "unreachable");
  assert.equal(await kindOf(call()(`${url}redirect`)), "unreachable");
});

test("only what may be repeated is repeated, once the budget has earned it", async (t) => {
  let attempts = 0;
  let failing = false;
  const url = await serve(t, (_request, response) => {
    attempts += 1;
    response.writeHead(failing && attempts % 2 === 1 ? 503 : 200).end();
  });
  const call = steady();
  for (let index = 0; index < 20; index += 1) await call(url);
  [attempts, failing] = [0, true];
  assert.equal((await call(url)).status, 200, "the second attempt");
  assert.equal(attempts, 2);
  attempts = 0;
  assert.equal((await call(url, { method: "POST" })).status, 503);
  assert.equal(attempts, 1);
});

test("instances that failed together come back at different moments: each pause is drawn anew", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const draws = { next: 0 };
  const sent: number[] = [];
  let at = 0;
  const call = resilientFetch({
    deadlineMs: 60_000,
    random: () => draws.next,
    uptime: () => at,
    fetch: async () => {
      sent.push(at);
      return new Response(null, { status: sent.length === 41 || sent.length === 42 ? 503 : 200 });
    },
  });
  // The throttle draws from the same: it is at ease after so many good answers.
  for (let index = 0; index < 40; index += 1) await call("http://peer.test/");
  const pauses = async (draw: number) => {
    draws.next = draw;
    sent.splice(40);
    const answer = call("http://peer.test/");
    const began = at;
    for (const attempts of [42, 43]) {
      for (let waited = 0; sent.length < attempts && waited < 300; waited += 1) {
        // Lets the failed attempt end and its pause begin.
        await new Promise((next) => setImmediate(next));
        t.mock.timers.tick(1);
        at += 1;
      }
    }
    assert.equal((await answer).status, 200);
    return sent.slice(40).map((moment) => moment - began);
  };
  assert.deepEqual(await pauses(0.25), [0, 10, 30], "a quarter of 40 ms, then a quarter of 80 ms");
  assert.deepEqual(await pauses(0.75), [0, 30, 90]);
});

test("a Retry-After beyond the deadline is not slept through", async (t) => {
  let attempts = 0;
  let ill = false;
  const url = await serve(t, (_request, response) => {
    attempts += 1;
    response.writeHead(ill ? 503 : 200, ill ? { "retry-after": "60" } : {}).end();
  });
  const call = steady();
  for (let index = 0; index < 20; index += 1) await call(url);
  [attempts, ill] = [0, true];
  assert.equal((await call(url)).status, 503, "the peer's answer, not the deadline's");
  assert.equal(attempts, 1);
});

test("with half of all calls failing there are no more than 1.1 attempts per request", {
  timeout: 60_000,
}, async (t) => {
  let attempts = 0;
  const url = await serve(t, (_request, response) => {
    attempts += 1;
    response.writeHead(attempts % 2 === 0 ? 200 : 503).end();
  });
  const call = steady();
  const requests = 1_000;
  for (let index = 0; index < requests; index += 1) await call(url).catch(() => {});
  assert.ok(attempts > requests, "some were retried");
  assert.ok(attempts <= requests * 1.1, `${attempts} attempts`);
});

test("a peer that turns everybody away is hardly asked any more, and one that is well always", async () => {
  let asked = 0;
  const call = resilientFetch({
    random: () => 0.5,
    fetch: async () => {
      asked += 1;
      return new Response(null, { status: 429 });
    },
  });
  const kinds = async (times: number) => {
    const seen: string[] = [];
    for (let index = 0; index < times; index += 1) seen.push(await kindOf(call("http://peer.test/")));
    return seen;
  };
  const seen = await kinds(300);
  assert.deepEqual([seen[101], seen[102], seen[299]], ["429", "throttled", "throttled"]);
  assert.equal(asked, 102, "what is dropped here is not sent");
  const well = resilientFetch({ random: () => 0, fetch: async () => new Response(null, { status: 200 }) });
  for (let index = 0; index < 50; index += 1)
    assert.equal(
      await kindOf(well("http://peer.test/")),
      "200",
      "nothing is dropped before a peer that is well",
    );
});

test("a service that begins with many calls at once drops none before a peer that is well", async () => {
  const all = Promise.withResolvers<void>();
  let asked = 0;
  const call = resilientFetch({
    random: () => 0,
    deadlineMs: 30_000,
    fetch: async () => {
      asked += 1;
      if (asked === 50) all.resolve();
      await all.promise;
      return new Response(null, { status: 200 });
    },
  });
  const kinds = await Promise.all(Array.from({ length: 50 }, () => kindOf(call("http://peer.test/"))));
  assert.deepEqual(new Set(kinds), new Set(["200"]));
});

test("a caller that loses interest says nothing about the peer", async (t) => {
  const url = await serve(t, () => {});
  const call = steady();
  for (let index = 0; index < 10; index += 1) {
    const abort = new AbortController();
    const pending = kindOf(call(url, { signal: abort.signal }));
    abort.abort();
    assert.equal(await pending, "cancelled");
  }
  assert.equal(call.breaker(), "closed");
});

test("a peer that is back is found by one probe", { timeout: 30_000 }, async (t) => {
  const url = await serve(t, (_request, response) => response.end("ok"));
  const proxy = await FaultProxy.listen({ port: Number(new URL(url).port) });
  t.after(() => proxy.close());
  const time = { uptime: 0 };
  const call = steady({ uptime: () => time.uptime, maxAttempts: 1 });
  await proxy.set({ kind: "refuse" });
  for (let index = 0; index < 5; index += 1) assert.equal(await kindOf(call(proxy.url)), "unreachable");
  assert.equal(call.breaker(), "open");
  assert.equal(await kindOf(call(proxy.url)), "breaker_open");
  await proxy.set({ kind: "none" });
  time.uptime += 2_000;
  assert.equal(await kindOf(call(proxy.url)), "200");
  assert.equal(call.breaker(), "closed");
});

test("the breaker lets one probe through at a time and waits again when it fails", () => {
  const time = { uptime: 0 };
  const breaker = new Breaker(
    () => time.uptime,
    () => 0.5,
  );
  for (let index = 0; index < 5; index += 1) {
    assert.equal(breaker.admits(), true);
    breaker.failed();
  }
  assert.deepEqual([breaker.admits(), breaker.retryInMs], [false, 1_500]);
  time.uptime += 1_500;
  assert.deepEqual([breaker.admits(), breaker.admits(), breaker.state], [true, false, "half_open"]);
  breaker.failed();
  assert.equal(breaker.admits(), false);
  time.uptime += 1_500;
  assert.equal(breaker.admits(), true);
  breaker.undecided();
  assert.equal(breaker.admits(), true, "an abandoned probe does not lock the breaker");
  breaker.succeeded();
  assert.deepEqual([breaker.admits(), breaker.state], [true, "closed"]);
});

test("ten requests earn one retry, and savings are small", () => {
  const budget = new RetryBudget();
  assert.equal(budget.spend(), false);
  for (let index = 0; index < 10; index += 1) budget.earn();
  assert.deepEqual([budget.spend(), budget.spend()], [true, false]);
  for (let index = 0; index < 10_000; index += 1) budget.earn();
  let retries = 0;
  while (budget.spend()) retries += 1;
  assert.equal(retries, 10);
});

test("the throttle follows the formula, counts at the start, and forgets after two minutes", () => {
  const time = { uptime: 0 };
  const throttle = new Throttle(
    () => time.uptime,
    () => 1,
  );
  for (let index = 0; index < 100; index += 1) throttle.drops();
  assert.equal(throttle.refusalProbability(), 50 / 101, "100 under way, none accepted");
  for (let index = 0; index < 15; index += 1) throttle.accepted();
  assert.equal(throttle.refusalProbability(), 20 / 101);
  for (let index = 0; index < 10; index += 1) throttle.accepted();
  assert.equal(throttle.refusalProbability(), 0);
  for (let index = 0; index < 100; index += 1) throttle.drops();
  assert.ok(throttle.refusalProbability() > 0);
  time.uptime += 125_000;
  assert.equal(throttle.refusalProbability(), 0);
  assert.equal(
    new Throttle(
      () => 0,
      () => 0,
    ).drops(),
    false,
    "the first request always goes",
  );
});
