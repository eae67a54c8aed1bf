import assert from "node:assert/strict";
import { test } from "node:test";
import { createTraceState, SpanStatusCode, TraceFlags, trace } from "@opentelemetry/api";
import { ProtobufTraceSerializer } from "@opentelemetry/otlp-transformer";
import { resourceFromAttributes } from "@opentelemetry/resources";
import type { ReadableSpan } from "@opentelemetry/sdk-trace";
import { LIGHT_ROOT } from "./light-context.ts";
import { SpanScribe, traceRequest } from "./otlp-spans.ts";
import type { RecordedSpan } from "./recorded-span.ts";
import { decodeTraceRequest } from "./testing/otlp-protobuf.ts";
import { KinopassTracerProvider } from "./tracer-provider.ts";

const PARENT = {
  traceId: "0123456789abcdef0123456789abcdef",
  spanId: "fedcba9876543210",
  traceFlags: TraceFlags.SAMPLED,
  isRemote: true,
  traceState: createTraceState("vendor=1"),
};
const LIMITS = {
  attributeValueLengthLimit: 30_000,
  attributeCountLimit: 9,
  eventCountLimit: 1,
  linkCountLimit: 1,
  attributePerEventCountLimit: 1,
  attributePerLinkCountLimit: 1,
};
const RESOURCE = resourceFromAttributes({ "service.name": "cinema" });

/** A tracer whose spans are handed over as they end. */
function setUp(ended: (span: RecordedSpan) => void) {
  const nothing = async () => {};
  const processors = [{ onEnd: ended, forceFlush: nothing, shutdown: nothing }];
  return new KinopassTracerProvider({ resource: RESOURCE, sample: () => true, limits: LIMITS, processors });
}

test("a span with something of everything is written byte for byte as the SDK writes it", () => {
  const ended: RecordedSpan[] = [];
  const within = trace.setSpanContext(LIGHT_ROOT, PARENT);
  const span = setUp((one) => ended.push(one))
    .getTracer("somebody", "1.2.3")
    .startSpan("имя", {}, within);
  span.setAttributes({
    text: "plain",
    wide: "широко 🎬 \ud800",
    long: "a".repeat(20_000),
    below: -7,
    large: 2 ** 53 - 1,
    fraction: 0.1,
    beyond: 1e300,
    yes: true,
    list: ["a", "", "b"],
    dropped: 1,
  });
  for (const name of ["kept", "dropped"]) span.addEvent(name, { a: 1, dropped: 2 });
  for (const a of [1, 2]) span.addLink({ context: PARENT, attributes: { a, dropped: 2 } });
  span.setStatus({ code: SpanStatusCode.ERROR, message: "broken" }).end();
  const scribe = new SpanScribe();
  for (const one of ended) scribe.add(one);
  const { bytes } = scribe.take();
  const theirs = Buffer.from(ProtobufTraceSerializer.serializeRequest(ended as ReadableSpan[]) ?? []);
  assert.ok(bytes.length > 20_000);
  assert.ok(theirs.includes(bytes), "the SDK writes other bytes");
  assert.deepEqual(decodeTraceRequest(traceRequest(RESOURCE, bytes)), decodeTraceRequest(theirs));
});

test("spans of several tracers each keep theirs, batch after batch", () => {
  const scribe = new SpanScribe();
  const provider = setUp((span) => scribe.add(span));
  const names = () => {
    const { length, bytes } = scribe.take();
    const spans = decodeTraceRequest(traceRequest(RESOURCE, bytes));
    assert.equal(spans.length, length);
    return spans.map(({ name, resource }) => `${name} ${resource["service.name"]}`);
  };
  for (const [tracer, name] of ["ab", "ac", "bd", "ae"].map((pair) => [...pair] as [string, string]))
    provider.getTracer(tracer).startSpan(name).end();
  assert.deepEqual(names(), ["b cinema", "c cinema", "d cinema", "e cinema"]);
  assert.deepEqual(names(), []);
  provider.getTracer("a").startSpan("f").end();
  assert.deepEqual(names(), ["f cinema"]);
});

test("a span that somebody gave what the API does not allow is dropped whole, and the others are written", () => {
  const scribe = new SpanScribe();
  const tracer = setUp((span) => scribe.add(span)).getTracer("a");
  tracer.startSpan("first").end();
  tracer.startSpan(undefined as never).end();
  tracer
    .startSpan("keyless")
    .setAttribute(Symbol("key") as never, 1)
    .end();
  // More than are written in one go.
  for (let n = 0; n < 40; n += 1) tracer.startSpan("other").end();
  const { length, bytes } = scribe.take();
  const names = decodeTraceRequest(traceRequest(RESOURCE, bytes)).map(({ name }) => name);
  assert.deepEqual(names, ["first", ...Array(40).fill("other")]);
  assert.equal(length, 41);
});
