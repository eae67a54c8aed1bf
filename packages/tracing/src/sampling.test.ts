import assert from "node:assert/strict";
import { once } from "node:events";
import { type AddressInfo, connect } from "node:net";
import { test } from "node:test";
import fastify from "fastify";
import { tracing } from "./fastify.ts";
import {
  activeTraceId,
  areSpansKept,
  clientSpan,
  outgoingHeaders,
  pastSpan,
  SpanKind,
  trace,
  withLinkedSpan,
  withSpan,
} from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

const NONE = { OTEL_TRACES_SAMPLER: "parentbased_traceidratio", OTEL_TRACES_SAMPLER_ARG: "0" };
const SAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-01";
const UNSAMPLED = "00-0af7651916cd43dd8448eb211c80319c-b7ad6b7169203331-00";

function setUp() {
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "made", trustedNetworks: ["127.0.0.1"] });
  const query = trace(
    { name: "query", kind: SpanKind.CLIENT, attributes: { step: 1 } },
    async (ok: boolean) => {
      if (!ok) throw new RangeError("broken");
      return activeTraceId();
    },
  );
  const load = trace("load", async (ok: boolean) => query(ok));
  app.get("/ok", () => load(true));
  app.get("/broken", () => load(false));
  app.get("/caught", async () => load(false).catch(activeTraceId));
  app.get("/refused", async () => {
    throw Object.assign(new Error("no"), { statusCode: 404 });
  });
  app.get("/unready", async (_request, reply) => reply.code(503).send(activeTraceId()));
  return app;
}

test("a ratio keeps about its share of whole traces", async (t) => {
  const { collect } = await traceToReceiver(t, { ...NONE, OTEL_TRACES_SAMPLER_ARG: "0.25" });
  for (let n = 0; n < 1_000; n += 1) withSpan("root", {}, () => withSpan("leaf", {}, () => undefined));
  const spans = await collect();
  const roots = spans.filter((span) => span.name === "root");
  // Five standard deviations around 250.
  assert.ok(roots.length > 180 && roots.length < 320, `${roots.length} of 1000`);
  assert.equal(spans.length, roots.length * 2);
  const traces = new Set(roots.map((span) => span.traceId));
  assert.ok(spans.every((span) => traces.has(span.traceId)));
});

test("a trusted caller's decision is followed, both ways", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  await app.inject({ url: "/ok", headers: { traceparent: SAMPLED } });
  assert.equal((await collect()).length, 3);
  await app.inject({ url: "/ok", headers: { traceparent: UNSAMPLED } });
  await app.inject({ url: "/ok", headers: { traceparent: SAMPLED }, remoteAddress: "203.0.113.9" });
  assert.deepEqual(await collect(), []);
});

test("whether spans are kept is known, and what is past is written down only then", async (t) => {
  const app = setUp();
  app.get("/past", async () => {
    pastSpan("past", { began: performance.now() - 5, ended: performance.now() });
    return { kept: areSpansKept() };
  });
  const kept = async (headers = {}) => (await app.inject({ url: "/past", headers })).json().kept as boolean;
  assert.equal(await kept({ traceparent: SAMPLED }), false, "tracing is off");
  const { collect } = await traceToReceiver(t, NONE);
  assert.equal(await kept(), false);
  assert.deepEqual(await collect(), []);
  assert.equal(await kept({ traceparent: SAMPLED }), true);
  const spans = await collect();
  assert.equal(spanNamed(spans, "past").parentSpanId, spanNamed(spans, "GET /past").spanId);
});

test("a failure in a sampled-out trace is kept: the request under the ids already told, and the call out that failed", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  const before = BigInt(Math.trunc(performance.timeOrigin + performance.now())) * 1_000_000n;
  await app.inject("/broken");
  const spans = await collect();
  const [request, query] = ["GET /broken", "query"].map((name) => spanNamed(spans, name));
  assert.equal(spans.length, 2, "steps within the process are not told of");
  assert.deepEqual([request?.parentSpanId, query?.parentSpanId], ["", request?.spanId]);
  assert.ok(spans.every((span) => span.traceId === request?.traceId && span.status.code === 2));
  assert.ok(spans.every((span) => span.attributes["sampling.late"] === true));
  assert.ok(spans.every((span) => span.start >= before - 5_000_000n && span.end >= span.start));
  assert.deepEqual(
    query?.events.map((event) => event.name),
    ["exception"],
  );
  assert.equal(query?.attributes["step"], 1);
  assert.equal(request?.attributes["request.id"], "made");
});

test("the id that a service below was told is that of the request's span, should it be kept after all", async (t) => {
  const app = fastify();
  app.register(tracing, { makeRequestId: () => "made" });
  app.get("/", async (_request, reply) => reply.code(503).send([outgoingHeaders(), outgoingHeaders()]));
  const { collect } = await traceToReceiver(t, NONE);
  const told = (await app.inject("/")).json<{ traceparent: string }[]>();
  const { traceId, spanId } = spanNamed(await collect(), "GET /");
  assert.deepEqual(
    told.map(({ traceparent }) => traceparent),
    Array(2).fill(`00-${traceId}-${spanId}-00`),
  );
});

test("a failure within the process is told by the request it fails, with where it was thrown", async (t) => {
  const app = setUp();
  const price = trace("price", () => {
    throw new RangeError("broken");
  });
  app.get("/price", () => withSpan("pricing", {}, async () => price()));
  const { collect } = await traceToReceiver(t, NONE);
  await app.inject("/price");
  const [span, ...others] = await collect();
  assert.equal(others.length, 0);
  assert.equal(span?.name, "GET /price");
  assert.match(String(span?.events[0]?.attributes["exception.stacktrace"]), /sampling\.test/);
});

test("a 5xx without an exception is kept under the trace id the viewer was told", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  const answer = await app.inject("/unready");
  const span = spanNamed(await collect(), "GET /unready");
  assert.equal(span.traceId, answer.body);
  assert.equal(span.attributes["http.response.status_code"], 503);
});

test("an error whose viewer hangs up before he is told is kept all the same, and says so", async (t) => {
  const app = fastify({ forceCloseConnections: true });
  app.register(tracing, { makeRequestId: () => "made" });
  app.setErrorHandler(async (_error, { raw }, reply) => {
    await Promise.all([once(raw.socket, "close"), once(client.destroy(), "close")]);
    return reply.code(500).send({});
  });
  app.after(() => app.get("/broken", () => Promise.reject(new RangeError("broken"))));
  const { receiver } = await traceToReceiver(t, { ...NONE, OTEL_BSP_SCHEDULE_DELAY: "20" });
  await app.listen({ host: "127.0.0.1", port: 0 });
  t.after(() => app.close());
  const client = connect((app.server.address() as AddressInfo).port, "127.0.0.1");
  client.write("GET /broken HTTP/1.1\r\nhost: a\r\n\r\n");
  const span = spanNamed(await receiver.waitFor((spans) => spans.length > 0), "GET /broken");
  assert.deepEqual(
    span.events.map((event) => event.name),
    ["exception", "client.disconnected"],
  );
});

test("a late span stays in a trusted caller's trace", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  await app.inject({ url: "/unready", headers: { traceparent: UNSAMPLED } });
  const span = spanNamed(await collect(), "GET /unready");
  assert.deepEqual([span.traceId, span.parentSpanId], [UNSAMPLED.slice(3, 35), UNSAMPLED.slice(36, 52)]);
});

test("refusals and successes of sampled-out traces are not kept", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  await app.inject("/ok");
  await app.inject("/refused");
  assert.deepEqual(await collect(), []);
});

test("a call out that failed is kept though somebody caught it and the request went well", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  const answer = await app.inject("/caught");
  const spans = await collect();
  assert.deepEqual(
    spans.map((span) => span.name),
    ["query"],
  );
  assert.ok(spans.every((span) => span.traceId === answer.body));
});

test("a storm of failures makes a bounded number of late spans", async (t) => {
  const { collect } = await traceToReceiver(t, NONE);
  const failing = trace({ name: "failing", kind: SpanKind.CLIENT }, () => {
    throw new Error("storm");
  });
  withSpan("request", {}, () => {
    for (let n = 0; n < 1_000; n += 1) assert.throws(failing);
  });
  // 50 a second; the loop may straddle two seconds, or three on a slow machine.
  const { length } = await collect();
  assert.ok(length >= 50 && length <= 150, `${length}`);
});

test("background work that was sampled out and fails is kept, with what caused it and what failed below", async (t) => {
  const { collect } = await traceToReceiver(t, NONE);
  const query = trace(
    {
      name: "query",
      kind: SpanKind.CLIENT,
      record: { error: () => ({ "db.response.status_code": "57P01" }) },
    },
    async () => {
      throw new RangeError("broken");
    },
  );
  await assert.rejects(
    withLinkedSpan("purge", `${SAMPLED};made`, () => query()),
    RangeError,
  );
  assert.throws(() => withSpan("start-up", {}, () => assert.fail("at once")), /at once/);
  withSpan("well", {}, () => undefined);
  const spans = await collect();
  const [purge, below, startUp] = ["purge", "query", "start-up"].map((name) => spanNamed(spans, name));
  assert.equal(spans.length, 3);
  assert.deepEqual([below?.traceId, below?.parentSpanId], [purge?.traceId, purge?.spanId]);
  assert.deepEqual(
    purge?.links.map(({ traceId }) => traceId),
    [SAMPLED.slice(3, 35)],
  );
  assert.equal(purge?.attributes["request.id"], "made");
  assert.equal(below?.attributes["db.response.status_code"], "57P01");
  assert.deepEqual(
    [purge, below, startUp].map((span) => span?.events.length),
    [0, 1, 1],
    "each error is told once",
  );
});

test("an iteration that was sampled out and fails is kept, and its steps make no traces of their own", async (t) => {
  const { collect } = await traceToReceiver(t, NONE);
  const step = trace("step", async (n: number) => n);
  const pages = trace("pages", async function* () {
    yield await step(1);
    throw new RangeError("broken");
  });
  await assert.rejects(Array.fromAsync(pages()), RangeError);
  assert.deepEqual(
    (await collect()).map(({ name }) => name),
    ["pages"],
  );
});

test("who is sent away in a flood does not take the place of what is broken", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  await app.ready();
  for (let n = 0; n < 300; n += 1) await app.inject("/unready");
  await app.inject("/broken");
  const spans = await collect();
  spanNamed(spans, "GET /broken");
  const away = spans.filter(({ name }) => name === "GET /unready");
  // 10 a second.
  assert.ok(away.length >= 10 && away.length <= 100, `${away.length}`);
});

test("a stranger's trace is linked from a late span as from any other", async (t) => {
  const app = setUp();
  const { collect } = await traceToReceiver(t, NONE);
  await app.inject({ url: "/broken", headers: { traceparent: SAMPLED }, remoteAddress: "203.0.113.9" });
  const { links, traceId } = spanNamed(await collect(), "GET /broken");
  assert.notEqual(traceId, SAMPLED.slice(3, 35));
  assert.deepEqual(
    links.map((link) => link.traceId),
    [SAMPLED.slice(3, 35)],
  );
});

test("a call out of a sampled-out trace is kept when the other side says that it failed, once", async (t) => {
  const { collect } = await traceToReceiver(t, NONE);
  const call = { method: "GET", url: "http://catalog.test/films/7", template: "/films/{id}" };
  await withSpan("request", {}, async () => {
    for (const status of [200, 404, 502])
      await clientSpan(call, async ({ answered }) => {
        answered(status);
        return { status };
      });
  });
  const [kept, ...others] = await collect();
  assert.equal(others.length, 0);
  assert.deepEqual([kept?.name, kept?.attributes["http.response.status_code"]], ["GET /films/{id}", 502]);
  assert.equal(kept?.status.code, 2);
});
