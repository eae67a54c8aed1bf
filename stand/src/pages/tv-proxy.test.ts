import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import Fastify from "fastify";
import { freePort } from "../ports.ts";
import { tvPages } from "./tv.ts";

interface Seen {
  readonly method: string;
  readonly url: string;
  readonly headers: Readonly<Record<string, unknown>>;
  readonly body: unknown;
}

async function setUp(t: TestContext) {
  const seen: Seen[] = [];
  const service = Fastify();
  service.route({
    method: ["GET", "POST", "DELETE"],
    url: "/*",
    handler: async ({ method, url, headers, body }, reply) => {
      seen.push({ method, url, headers, body });
      return reply
        .code(429)
        .headers({ "retry-after": "7", "set-cookie": "a=b", "content-type": "application/problem+json" })
        .send('{"code":"rate_limited"}');
    },
  });
  const url = await service.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => service.close());
  const pages = Fastify();
  tvPages(pages, { auth: url, catalog: `http://127.0.0.1:${await freePort()}` });
  t.after(() => pages.close());
  return { pages, seen };
}

test("the TV's questions go on with its token and a TV's name, and the whole answer that matters comes back", async (t) => {
  const { pages, seen } = await setUp(t);
  const answer = await pages.inject({
    method: "POST",
    url: "/api/tv/v1/device/token",
    headers: { authorization: "Bearer x", cookie: "secret=1", "x-forwarded-for": "203.0.113.1" },
    payload: { device_code: "y" },
  });
  assert.deepEqual([answer.statusCode, answer.json()], [429, { code: "rate_limited" }]);
  assert.equal(answer.headers["retry-after"], "7");
  assert.equal(answer.headers["set-cookie"], undefined);
  const [{ method, url, headers, body } = assert.fail()] = seen;
  assert.deepEqual([method, url, body], ["POST", "/v1/device/token", { device_code: "y" }]);
  assert.equal(headers["authorization"], "Bearer x");
  assert.match(String(headers["user-agent"]), /SMART-TV/);
  assert.deepEqual([headers["cookie"], headers["x-forwarded-for"]], [undefined, undefined]);
});

test("the phone keeps the name of its own browser", async (t) => {
  const { pages, seen } = await setUp(t);
  const typed = encodeURIComponent("вснк мртх");
  await pages.inject({ url: `/api/phone/v1/device/${typed}`, headers: { "user-agent": "Phone/1" } });
  assert.equal(seen[0]?.url, `/v1/device/${typed}`);
  assert.equal(seen[0]?.headers["user-agent"], "Phone/1");
});

test("nothing else is passed on", async (t) => {
  const { pages, seen } = await setUp(t);
  for (const [method, url] of [
    ["GET", "/api/tv/v1/roles"],
    ["POST", "/api/tv/v1/introspect"],
    ["DELETE", "/api/tv/v1/me"],
    ["GET", "/api/tv/v1/me?x=1"],
    ["GET", "/api/phone/v1/device/x/../../roles"],
    ["GET", "/api/phone/v1/device/.."],
    ["POST", "/api/phone/v1/device/%2E%2E/approve"],
    ["POST", "/api/phone/v1/device/%2e%2e/approve"],
    ["GET", "/api/phone/v1/device/a%2f..%2f..%2froles%2fand-more-than-forty"],
    ["POST", "/api/phone/v1/device/x/approve/more"],
    ["POST", "/api/phone/v1/accounts"],
    ["GET", "/api/tv//elsewhere.example/v1/films"],
  ] as const)
    assert.equal((await pages.inject({ method, url })).statusCode, 404, url);
  assert.deepEqual(seen, []);
});

test("a service that is away is a 503 that the page can show, not a hung TV", async (t) => {
  const { pages } = await setUp(t);
  const answer = await pages.inject({ url: "/api/tv/v1/films?page_size=50&sort=-rating" });
  assert.deepEqual([answer.statusCode, answer.json().code], [503, "temporarily_unavailable"]);
});

test("the pages run no script and load no picture from elsewhere, and are framed by nobody", async (t) => {
  const { pages } = await setUp(t);
  for (const url of ["/tv", "/pair"]) {
    const { headers, body } = await pages.inject({ url });
    const policy = String(headers["content-security-policy"]);
    assert.match(policy, /default-src 'none'; script-src 'self';/);
    assert.match(policy, /frame-ancestors 'none'/);
    assert.doesNotMatch(body, /<script>|onclick=|style="/);
    for (const [, part = ""] of body.matchAll(/(?:src|href)="(\/[^"]+)"/g))
      assert.equal((await pages.inject({ url: part })).statusCode, 200, part);
  }
});

test("every module that a page imports is served", async (t) => {
  const { pages } = await setUp(t);
  const waiting = ["/tv/tv-start.js", "/pair/pair.js", "/letter/letter.js"];
  const served = new Set<string>();
  for (const url of waiting) {
    const { statusCode, headers, body } = await pages.inject({ url });
    assert.equal(statusCode, 200, url);
    assert.match(String(headers["content-type"]), /^text\/javascript/);
    served.add(url);
    for (const [, name = ""] of body.matchAll(/from "(\.\/[^"]+)"/g)) {
      const imported = new URL(name, `http://page.test${url}`).pathname;
      if (!waiting.includes(imported)) waiting.push(imported);
    }
  }
  assert.equal(served.size, 13);
});
