import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { test } from "node:test";
import { clientSpan, redisSpan, runWithRequest, sqlSpan, withSpan } from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

const CLIENT = 3;

test("an SQL span tells statement, verb, rows and SQLSTATE by the semantic conventions", async (t) => {
  const { collect } = await traceToReceiver(t);
  const options = { operation: "UPDATE", namespace: "auth", collection: "sessions" };
  await sqlSpan("sessions.rotate", async () => ({ rows: [{}], rowCount: 5 }), options);
  await assert.rejects(async () =>
    sqlSpan("sessions.open", async () => Promise.reject(Object.assign(new Error("x"), { code: "40001" }))),
  );
  const spans = await collect();
  const rotate = spanNamed(spans, "sessions.rotate");
  assert.equal(rotate.kind, CLIENT);
  assert.deepEqual(rotate.attributes, {
    "db.system.name": "postgresql",
    "db.query.summary": "sessions.rotate",
    "db.operation.name": "UPDATE",
    "db.namespace": "auth",
    "db.collection.name": "sessions",
    "db.response.returned_rows": 1,
  });
  const open = spanNamed(spans, "sessions.open");
  assert.equal(open.status.code, 2);
  assert.equal(open.attributes["db.response.status_code"], "40001");
  assert.equal(open.attributes["error.type"], "40001");
});

test("asked to stay below a span, SQL and Redis make none where no span is active", async (t) => {
  const { collect } = await traceToReceiver(t);
  const below = { onlyBelow: true };
  const both = () => [sqlSpan("revocations.since", () => 1, below), redisSpan("GET", () => 2, below)];
  assert.deepEqual(both(), [1, 2]);
  assert.deepEqual(await collect(), []);
  assert.deepEqual(withSpan("job", {}, both), [1, 2]);
  const spans = await collect();
  const job = spanNamed(spans, "job");
  for (const name of ["revocations.since", "GET"])
    assert.equal(spanNamed(spans, name).parentSpanId, job.spanId);
});

test("a Redis span tells command, script and batch size", async (t) => {
  const { collect } = await traceToReceiver(t);
  await redisSpan("EVALSHA", async () => [1], { script: "take-tokens", namespace: "0" });
  await redisSpan("PIPELINE", async () => [], { batchSize: 3 });
  await assert.rejects(async () =>
    redisSpan("GET", async () => Promise.reject(new Error("WRONGTYPE Operation against a key"))),
  );
  const spans = await collect();
  assert.deepEqual(spanNamed(spans, "EVALSHA take-tokens").attributes, {
    "db.system.name": "redis",
    "db.operation.name": "EVALSHA",
    "db.stored_procedure.name": "take-tokens",
    "db.namespace": "0",
  });
  assert.equal(spanNamed(spans, "PIPELINE").attributes["db.operation.batch.size"], 3);
  assert.equal(spanNamed(spans, "GET").attributes["db.response.status_code"], "WRONGTYPE");
});

test("a call out tells method, host, template and status, and carries context only where asked", async (t) => {
  const { collect } = await traceToReceiver(t);
  const heard: (string | undefined)[] = [];
  const server = createServer((request, response) => {
    heard.push(request.headers["x-request-id"]?.toString(), request.headers["traceparent"]?.toString());
    response.writeHead(request.url === "/films/7?token=x" ? 200 : 404).end();
  });
  await new Promise<void>((ready) => server.listen(0, "127.0.0.1", ready));
  t.after(() => server.close());
  const { port } = server.address() as AddressInfo;
  const call = (path: string, options: { template?: string; propagate?: boolean; peer?: string }) =>
    runWithRequest({ requestId: "r-7" }, () => {
      const url = new URL(path, `http://127.0.0.1:${port}`);
      return clientSpan({ method: "GET", url, ...options }, ({ headers }) => fetch(url, { headers }));
    });
  const ok = await call("/films/7?token=x", { template: "/films/{id}", propagate: true, peer: "catalog" });
  assert.equal(ok.status, 200);
  assert.equal((await call("/nothing", {})).status, 404);
  const spans = await collect();
  const film = spanNamed(spans, "GET /films/{id}");
  assert.deepEqual(film.attributes, {
    "http.request.method": "GET",
    "server.address": "127.0.0.1",
    "server.port": port,
    "url.full": `http://127.0.0.1:${port}/films/{id}`,
    "url.template": "/films/{id}",
    "service.peer.name": "catalog",
    "http.response.status_code": 200,
  });
  assert.deepEqual(heard, ["r-7", `00-${film.traceId}-${film.spanId}-01`, undefined, undefined]);
  const missing = spanNamed(spans, "GET");
  assert.equal(missing.status.code, 2);
  assert.equal(missing.attributes["error.type"], "404");
  assert.deepEqual(missing.events, []);
});

test("a call that is never answered is an error with the reason's code", async (t) => {
  const { collect } = await traceToReceiver(t);
  const refused = Object.assign(new Error("connect"), { code: "ECONNREFUSED" });
  await assert.rejects(async () =>
    clientSpan({ method: "POST", url: "https://auth.example/v1/revoke" }, async () =>
      Promise.reject(refused),
    ),
  );
  const span = spanNamed(await collect(), "POST");
  assert.equal(span.attributes["error.type"], "ECONNREFUSED");
  assert.equal(span.attributes["server.port"], 443);
});

test("with tracing off the helpers only call, and a call to our own still carries the request id", async () => {
  assert.equal(
    sqlSpan("a.b", () => 1),
    1,
  );
  assert.equal(
    redisSpan("GET", () => 2),
    2,
  );
  const call = { method: "GET", url: "http://auth.example/", propagate: true };
  const headers = runWithRequest({ requestId: "r-8" }, () => clientSpan(call, (span) => span.headers));
  assert.deepEqual(headers, { "x-request-id": "r-8" });
  assert.equal(
    withSpan("off", {}, (span) => span.isRecording()),
    false,
  );
});
