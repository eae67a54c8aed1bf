import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import fastify from "fastify";
import { tracing } from "./fastify.ts";
import { meter } from "./index.ts";
import { type MetricsOptions, startMetrics } from "./metrics.ts";

// Made before metrics are started, as a module's own instruments are.
const signIns = meter().counter("auth.sign_ins", { description: "Sign-ins by door and outcome" });
const wait = meter().histogram("hash.lane.wait", { unit: "s", boundaries: [0.1, 1] });
const waiting = meter().upDownCounter("hash.lane.waiting");
const lag = meter().gauge("revocations.lag", { unit: "s" });
meter().observe("pool.connections", { description: "Connections by state" }, () => [
  [3, { state: "idle" }],
  [1, { state: "busy" }],
]);

async function setUp(t: TestContext, options: Partial<MetricsOptions> = {}) {
  const running = await startMetrics({ host: "127.0.0.1", port: 0, ...options });
  t.after(() => running.close());
  const base = `http://127.0.0.1:${running.port}`;
  return { base, running, scrape: async () => (await fetch(`${base}/metrics`)).text() };
}

test("instruments made before and after the start are served in Prometheus' format", async (t) => {
  signIns.add(1, { door: "password", outcome: "lost" });
  const { scrape } = await setUp(t);
  signIns.add(1, { door: "password", outcome: "ok" });
  signIns.add(1, { door: "password", outcome: "ok" });
  wait.record(0.5);
  waiting.add(2);
  waiting.add(-1);
  lag.record(4);
  meter().counter("late").add(1);
  const text = await scrape();
  assert.match(
    text,
    /# HELP auth_sign_ins_total Sign-ins by door and outcome\n# TYPE auth_sign_ins_total counter/,
  );
  assert.match(text, /auth_sign_ins_total\{door="password",outcome="ok".*\} 2\n/);
  assert.doesNotMatch(text, /lost/);
  assert.match(text, /hash_lane_wait_bucket\{.*le="0\.1"\} 0\n/);
  assert.match(text, /hash_lane_wait_bucket\{.*le="1"\} 1\n/);
  assert.match(text, /hash_lane_waiting\{.*\} 1\n/);
  assert.match(text, /revocations_lag\{.*\} 4\n/);
  assert.match(text, /pool_connections\{state="idle".*\} 3\n/);
  assert.match(text, /late_total\{.*\} 1\n/);
});

test("labels that grow without end are counted together past the bound", async (t) => {
  const { scrape } = await setUp(t, { labelSetsPerInstrument: 10 });
  for (let n = 0; n < 1_000; n += 1) signIns.add(1, { door: `door-${n}` });
  const lines = (await scrape()).split("\n").filter((line) => line.startsWith("auth_sign_ins_total{"));
  assert.equal(lines.length, 10);
  const counted = lines.map((line) => Number(line.split(" ").at(-1)));
  assert.equal(
    counted.reduce((sum, value) => sum + value),
    1_000,
  );
  assert.ok(lines.some((line) => line.includes('otel_metric_overflow="true"')));
});

test("only GET /metrics is answered, and nothing may keep a copy", async (t) => {
  const { base } = await setUp(t);
  assert.equal((await fetch(`${base}/`)).status, 404);
  assert.equal((await fetch(`${base}/metrics`, { method: "POST" })).status, 404);
  assert.equal((await fetch(`${base}/metrics`)).headers.get("cache-control"), "no-store");
});

test("a second start and a taken port fail, and after a close it can be started again", async (t) => {
  const first = await startMetrics({ host: "127.0.0.1", port: 0 });
  await assert.rejects(startMetrics({ host: "127.0.0.1", port: 0 }), /already started/);
  await assert.rejects(startMetrics({ host: "127.0.0.1", port: first.port }), { code: "EADDRINUSE" });
  await first.close();
  const { scrape } = await setUp(t);
  signIns.add(5, { door: "again" });
  assert.match(await scrape(), /auth_sign_ins_total\{door="again".*\} 5\n/);
});

test("requests are measured by route template, and made-up paths share one label", async (t) => {
  const { scrape } = await setUp(t);
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "made" });
  app.after(() => app.get("/persons/:id", async () => ({})));
  for (const url of ["/persons/1", "/persons/2", "/x1", "/x2"]) await app.inject(url);
  const text = await scrape();
  const counts = text.split("\n").filter((line) => line.startsWith("http_server_request_duration_count"));
  assert.equal(counts.length, 2);
  assert.ok(counts.some((line) => line.includes('http_route="/persons/:id"') && line.endsWith(" 2")));
  assert.ok(counts.some((line) => !line.includes("http_route") && line.endsWith(" 2")));
  assert.ok(counts.every((line) => line.includes('url_scheme="http"') && !line.includes("error_type")));
});

test("methods that the conventions do not know share one name, failures of ours have a type, and who has hung up has no status", async (t) => {
  const { scrape } = await setUp(t);
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "made" });
  app.addHttpMethod("PROPFIND").addHttpMethod("MKCOL");
  app.after(() => app.get("/broken", async (_request, reply) => reply.code(502).send("")));
  await app.inject("/broken");
  for (const method of ["PROPFIND", "MKCOL"]) await app.inject({ method: method as "GET", url: "/tea" });
  const counts = (await scrape())
    .split("\n")
    .filter((line) => line.startsWith("http_server_request_duration_count"));
  assert.ok(
    counts.some((line) => line.includes('error_type="502"') && line.includes('http_route="/broken"')),
  );
  assert.ok(counts.some((line) => line.includes('http_request_method="_OTHER"') && line.endsWith(" 2")));
});
