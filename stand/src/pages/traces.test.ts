import assert from "node:assert/strict";
import { once } from "node:events";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type TestContext, test } from "node:test";
import Fastify from "fastify";
import { traceAddress, tracePages } from "./traces.ts";

const UI = "http://jaeger.test";
const TRACE = "0af7651916cd43dd8448eb211c80319c";

test("a trace id leads to its trace, a request id to a search, and neither can lead elsewhere", () => {
  assert.equal(traceAddress(UI, TRACE), `${UI}/trace/${TRACE}`);
  const search = new URL(traceAddress(UI, "seen-by-the-viewer"));
  assert.deepEqual(
    [search.pathname, search.searchParams.get("tags")],
    ["/search", '{"request.id":"seen-by-the-viewer"}'],
  );
  assert.equal(new URL(traceAddress(UI, "//evil.test/\r\nx: y")).origin, UI);
});

test("the page shows the last requests of both logs, newest first, each with its trace; half lines are passed over", async (t) => {
  const home = mkdtempSync(join(tmpdir(), "kinopass-traces-"));
  chmodSync(home, 0o755);
  t.after(() => rmSync(home, { recursive: true }));
  mkdirSync(join(home, "logs"));
  const line = (time: string, route: string) =>
    JSON.stringify({
      time,
      service: "auth",
      msg: "request",
      method: "GET",
      route,
      status: 200,
      ms: 1.5,
      request_id: "r",
      trace_id: TRACE,
    });
  const early = line("2026-03-01T12:00:00.000Z", "/v1/early");
  const late = line("2026-03-01T12:00:01.000Z", "/v1/<late>");
  writeFileSync(join(home, "logs", "auth.log"), `alf a line"}\n${early}\nplain words\n${late}\n{"msg":"requ`);
  const app = Fastify();
  t.after(() => app.close());
  tracePages(app, { home, jaegerUi: UI });
  const { body } = await app.inject("/traces");
  assert.ok(body.indexOf("/v1/&lt;late&gt;") < body.indexOf("/v1/early"));
  assert.equal(body.split(`href="${UI}/trace/${TRACE}"`).length, 3);
  assert.equal(body.split(`href="/traces/show?id=${TRACE}"`).length, 3);
  const opened = await app.inject(`/traces/open?id=${TRACE}`);
  assert.deepEqual([opened.statusCode, opened.headers.location], [303, `${UI}/trace/${TRACE}`]);
});

/** Jaeger's query API as far as the page asks it; the end-to-end test has the real one. */
async function jaegerWith(t: TestContext, traces: readonly object[]) {
  const asked: URL[] = [];
  const server = createServer((request, response) => {
    const url = new URL(request.url ?? "", "http://jaeger.test");
    asked.push(url);
    response.setHeader("content-type", "application/json");
    response.end(JSON.stringify({ data: traces }));
  }).listen(0, "127.0.0.1");
  await once(server, "listening");
  t.after(() => server.close());
  const app = Fastify();
  t.after(() => app.close());
  const { port } = server.address() as AddressInfo;
  tracePages(app, { home: "/nowhere", jaegerUi: `http://127.0.0.1:${port}` });
  return { app, asked, stop: () => server.close() };
}

const drawable = {
  traceID: TRACE,
  processes: { p1: { serviceName: "kinopass-catalog" } },
  spans: [
    {
      traceID: TRACE,
      spanID: "1",
      operationName: "GET /v1/films/:id",
      references: [],
      startTime: 1,
      duration: 1_500,
      tags: [],
      processID: "p1",
    },
  ],
};

test("an id shows its traces as pictures, looked for in both services and drawn once", async (t) => {
  const { app, asked } = await jaegerWith(t, [drawable]);
  const { body } = await app.inject("/traces/show?id=seen-by-the-viewer");
  assert.deepEqual(
    asked.map(({ searchParams }) => [searchParams.get("service"), searchParams.get("tags")]),
    ["kinopass-auth", "kinopass-catalog"].map((name) => [name, '{"request.id":"seen-by-the-viewer"}']),
  );
  assert.equal(body.split("<svg").length, 2);
  assert.match(body, /GET \/v1\/films\/:id/);
  const picture = await app.inject(`/traces/${TRACE}.svg`);
  assert.deepEqual([picture.statusCode, picture.headers["content-type"]], [200, "image/svg+xml"]);
  assert.equal((await app.inject("/traces/nonsense.svg")).statusCode, 404);
});

test("an id of either service opens its trace in Jaeger, and one that looks like a trace's is looked for as a request's too", async (t) => {
  const { app, asked } = await jaegerWith(t, [drawable]);
  const opened = await app.inject("/traces/open?id=seen-by-the-viewer");
  assert.match(String(opened.headers.location), new RegExp(`/trace/${TRACE}$`));
  assert.deepEqual(
    asked.map(({ searchParams }) => searchParams.get("service")),
    ["kinopass-auth", "kinopass-catalog"],
  );
  const none = await jaegerWith(t, []);
  await none.app.inject(`/traces/show?id=${"a".repeat(32)}`);
  assert.deepEqual(
    none.asked.map(({ pathname, searchParams }) => [pathname, searchParams.get("tags")]),
    [
      [`/api/traces/${"a".repeat(32)}`, null],
      ["/api/traces", `{"request.id":"${"a".repeat(32)}"}`],
      ["/api/traces", `{"request.id":"${"a".repeat(32)}"}`],
    ],
  );
});

test("where Jaeger has nothing, or is away, the page says which and stays a page", async (t) => {
  const { app, stop } = await jaegerWith(t, []);
  const show = async () => app.inject("/traces/show?id=%3Cb%3E");
  const nothing = await show();
  assert.match(nothing.body, /Jaeger has nothing under this id/);
  assert.doesNotMatch(nothing.body, /<b>/);
  stop();
  const away = await show();
  assert.deepEqual([away.statusCode, /Jaeger does not answer/.test(away.body)], [200, true]);
});
