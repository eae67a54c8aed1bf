import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as delay } from "node:timers/promises";
import { trace as api, INVALID_SPAN_CONTEXT } from "@opentelemetry/api";
import fastify from "fastify";
import { tracing } from "./fastify.ts";
import {
  activeTraceId,
  annotate,
  currentRequest,
  outgoingHeaders,
  runWithRequest,
  withSpan,
} from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

test("the request is known across await and timers, and not to its neighbours", async () => {
  const seen = await Promise.all(
    ["a", "b"].map((requestId) =>
      runWithRequest({ requestId }, async () => {
        await delay(1);
        return new Promise((resolve) => setTimeout(() => resolve(currentRequest()?.requestId), 1));
      }),
    ),
  );
  assert.deepEqual(seen, ["a", "b"]);
  assert.equal(currentRequest(), undefined);
});

test("calls out carry the request id with tracing off, and nothing where there is no request", () => {
  assert.deepEqual(outgoingHeaders(), {});
  assert.deepEqual(runWithRequest({ requestId: "r-1" }, outgoingHeaders), { "x-request-id": "r-1" });
  assert.equal(activeTraceId(), undefined);
  assert.equal(runWithRequest({ requestId: "r-1", traceId: "t" }, activeTraceId), "t");
});

test("calls out carry the traceparent of the active span", async (t) => {
  const { collect } = await traceToReceiver(t);
  const [headers, traceId] = runWithRequest({ requestId: "r-2" }, () =>
    withSpan("calling", {}, () => [outgoingHeaders(), activeTraceId()] as const),
  );
  const span = spanNamed(await collect(), "calling");
  assert.equal(traceId, span.traceId);
  assert.deepEqual(headers, { "x-request-id": "r-2", traceparent: `00-${span.traceId}-${span.spanId}-01` });
});

test("a sampled-out request says so to whom it calls", async (t) => {
  const { collect } = await traceToReceiver(t, { OTEL_TRACES_SAMPLER: "always_off" });
  const headers = withSpan("calling", {}, () => outgoingHeaders());
  assert.match(headers["traceparent"] ?? "", /^00-[0-9a-f]{32}-[0-9a-f]{16}-00$/);
  assert.deepEqual(await collect(), []);
});

test("annotate adds to the active span and does nothing where there is none", async (t) => {
  annotate({ lost: true });
  const { collect } = await traceToReceiver(t);
  annotate({ lost: true });
  withSpan("annotated", { attributes: { a: 1 } }, () => annotate({ b: "two" }));
  assert.deepEqual(spanNamed(await collect(), "annotated").attributes, { a: 1, b: "two" });
});

test("the nearest request counts, whether it came in by HTTP or was set by hand", async (t) => {
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "outer" });
  app.get("/", async () => [
    currentRequest()?.requestId,
    runWithRequest({ requestId: "inner" }, currentRequest)?.requestId,
  ]);
  const ids = async () => (await app.inject("/")).json();
  assert.deepEqual(await ids(), ["outer", "inner"]);
  await traceToReceiver(t);
  assert.deepEqual(await ids(), ["outer", "inner"]);
  assert.deepEqual(await runWithRequest({ requestId: "before" }, ids), ["outer", "inner"]);
});

test("work that outlasts the set-up keeps its request", async (t) => {
  const { running } = await traceToReceiver(t);
  const seen = await runWithRequest({ requestId: "job" }, async () => {
    const before = currentRequest()?.requestId;
    await running.shutdown(1_000);
    return [before, currentRequest()?.requestId];
  });
  assert.deepEqual(seen, ["job", "job"]);
});

test("under somebody else's SDK, and without any context manager, the request is known all the same", async (t) => {
  const nothing = api.wrapSpanContext(INVALID_SPAN_CONTEXT);
  const tracer = { startSpan: () => nothing, startActiveSpan: () => nothing };
  api.setGlobalTracerProvider({ getTracer: () => tracer as never });
  t.after(() => api.disable());
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "outer" });
  app.get("/", async () => {
    await delay(1);
    return [currentRequest()?.requestId, runWithRequest({ requestId: "inner" }, currentRequest)?.requestId];
  });
  assert.deepEqual((await app.inject("/")).json(), ["outer", "inner"]);
});
