import assert from "node:assert/strict";
import { test } from "node:test";
import { trace as api, SpanStatusCode, TraceFlags } from "@opentelemetry/api";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

/** As any instrumentation would use the API: nothing of this package is called. */
const tracer = () => api.getTracer("somebody", "1.2.3");

test("limits hold for attributes, events and links, and lengths are cut", async (t) => {
  const { collect } = await traceToReceiver(t, {
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "2",
    OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT: "4",
    OTEL_SPAN_EVENT_COUNT_LIMIT: "1",
    OTEL_SPAN_LINK_COUNT_LIMIT: "1",
  });
  const span = tracer().startSpan("limited", { attributes: { a: "12345", b: 1, c: true } });
  span.setAttribute("a", "abcdef").setAttribute("d", "x").addEvent("first").addEvent("second");
  const other = { traceId: "1".repeat(32), spanId: "2".repeat(16), traceFlags: TraceFlags.SAMPLED };
  span.addLink({ context: other }).addLink({ context: other });
  span.end();
  const kept = spanNamed(await collect(), "limited");
  assert.deepEqual(kept.attributes, { a: "abcd", b: 1 });
  assert.deepEqual([kept.events.map(({ name }) => name), kept.links.length], [["first"], 1]);
});

test("lists are kept and what is no value of an attribute is not", async (t) => {
  const { collect } = await traceToReceiver(t);
  const span = tracer().startSpan("valued");
  span.setAttributes({ list: ["a", "b"], nothing: undefined });
  span.setAttribute("function", (() => 1) as never);
  span.end();
  assert.deepEqual(spanNamed(await collect(), "valued").attributes, { list: ["a", "b"] });
});

test("a span that has ended stays as it was", async (t) => {
  const { collect } = await traceToReceiver(t);
  const span = tracer().startSpan("ended");
  assert.equal(span.isRecording(), true);
  span.end();
  span
    .setAttribute("late", 1)
    .addEvent("late")
    .setStatus({ code: SpanStatusCode.ERROR })
    .updateName("renamed");
  span.end();
  assert.equal(span.isRecording(), false);
  const kept = spanNamed(await collect(), "ended");
  assert.deepEqual([kept.attributes, kept.events, kept.status.code], [{}, [], 0]);
});

test("a status that says well is final, and none takes one back", async (t) => {
  const { collect } = await traceToReceiver(t);
  const span = tracer().startSpan("well");
  span.setStatus({ code: SpanStatusCode.ERROR, message: "why" }).setStatus({ code: SpanStatusCode.UNSET });
  span.setStatus({ code: SpanStatusCode.OK }).setStatus({ code: SpanStatusCode.ERROR });
  span.end();
  assert.equal(spanNamed(await collect(), "well").status.code, SpanStatusCode.OK);
});

test("times are taken as the API has them, and never end before they began", async (t) => {
  const { collect } = await traceToReceiver(t);
  tracer()
    .startSpan("given", { startTime: new Date(1_700_000_000_000) })
    .end([1_700_000_001, 500_000_000]);
  tracer().startSpan("backward", { startTime: 1_700_000_000_000 }).end(1_600_000_000_000);
  const spans = await collect();
  const given = spanNamed(spans, "given");
  assert.deepEqual([given.start, given.end], [1_700_000_000_000_000_000n, 1_700_000_001_500_000_000n]);
  const backward = spanNamed(spans, "backward");
  assert.equal(backward.start, backward.end);
});

test("an active span is the parent of what starts below it, and a root is nobody's child", async (t) => {
  const { collect } = await traceToReceiver(t);
  const answer = tracer().startActiveSpan("above", { attributes: { a: 1 } }, (above) => {
    tracer().startSpan("below").end();
    tracer().startSpan("apart", { root: true }).end();
    above.recordException(new RangeError("too far"));
    above.end();
    return 7;
  });
  assert.equal(answer, 7);
  const spans = await collect();
  const [above, below, apart] = ["above", "below", "apart"].map((name) => spanNamed(spans, name));
  assert.deepEqual([below?.parentSpanId, below?.traceId], [above?.spanId, above?.traceId]);
  assert.equal(apart?.parentSpanId, "");
  assert.notEqual(apart?.traceId, above?.traceId);
  assert.equal(above?.events[0]?.attributes["exception.type"], "RangeError");
});

test("whoever sets the wall clock makes no span longer or shorter", async (t) => {
  const { collect } = await traceToReceiver(t);
  const now = performance.now.bind(performance);
  const date = Date.now.bind(Date);
  for (const [name, leapMs] of [
    ["ahead", 3_600_000],
    ["back", -3_600_000],
  ] as const) {
    const span = tracer().startSpan(name);
    const clocks = [
      t.mock.method(performance, "now", () => now() + 2_000),
      t.mock.method(Date, "now", () => date() + 2_000 + leapMs),
    ];
    span.end();
    for (const clock of clocks) clock.mock.restore();
  }
  const spans = await collect();
  for (const name of ["ahead", "back"]) {
    const { start, end } = spanNamed(spans, name);
    const tookMs = Number(end - start) / 1e6;
    assert.ok(tookMs >= 2_000 && tookMs < 10_000, `${name}: ${tookMs} ms`);
  }
});
