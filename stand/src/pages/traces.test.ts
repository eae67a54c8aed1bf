import assert from "node:assert/strict";
import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
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
  const opened = await app.inject(`/traces/open?id=${TRACE}`);
  assert.deepEqual([opened.statusCode, opened.headers.location], [303, `${UI}/trace/${TRACE}`]);
});
