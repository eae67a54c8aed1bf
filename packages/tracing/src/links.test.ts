import assert from "node:assert/strict";
import { test } from "node:test";
import { captureLink, currentRequest, runWithRequest, withLinkedSpan, withSpan } from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";

test("a background job has a trace of its own, a link to its cause, and its cause's request id", async (t) => {
  const { collect } = await traceToReceiver(t);
  const link = runWithRequest({ requestId: "r-1" }, () => withSpan("cause", {}, captureLink));
  const requestId = await withLinkedSpan("mail.send", link, async () => {
    await withSpan("mail.deliver", {}, async () => undefined);
    return currentRequest()?.requestId;
  });
  assert.equal(requestId, "r-1");
  const spans = await collect();
  const [cause, job] = [spanNamed(spans, "cause"), spanNamed(spans, "mail.send")];
  assert.notEqual(job.traceId, cause.traceId);
  assert.equal(job.parentSpanId, "");
  assert.deepEqual(job.links, [{ traceId: cause.traceId, spanId: cause.spanId }]);
  assert.equal(job.attributes["request.id"], "r-1");
  assert.equal(spanNamed(spans, "mail.deliver").parentSpanId, job.spanId);
});

test("a job run while a request is served does not become part of that request's trace", async (t) => {
  const { collect } = await traceToReceiver(t);
  withSpan("request", {}, () => withLinkedSpan("job", undefined, () => undefined));
  const spans = await collect();
  assert.notEqual(spanNamed(spans, "job").traceId, spanNamed(spans, "request").traceId);
});

test("a missing or garbled link is no link, and the work is done", async (t) => {
  const { collect } = await traceToReceiver(t);
  const zero = `00-${"0".repeat(32)}-${"0".repeat(16)}-01;`;
  const garbled = [
    undefined,
    null,
    "",
    ";",
    "nonsense",
    zero,
    "00-xyz-1-01;r\n1",
    `${"a".repeat(5_000)};b c`,
  ];
  for (const link of garbled)
    assert.equal(
      withLinkedSpan("job", link, () => "done"),
      "done",
    );
  const spans = await collect();
  assert.equal(spans.length, garbled.length);
  assert.ok(spans.every((span) => span.links.length === 0 && span.attributes["request.id"] === undefined));
});

test("a link is short ASCII, and with tracing off it still carries the request id", () => {
  assert.equal(captureLink(), undefined);
  const link = runWithRequest({ requestId: "x".repeat(64) }, captureLink);
  assert.equal(link, `;${"x".repeat(64)}`);
  assert.equal(
    withLinkedSpan("job", link, () => currentRequest()?.requestId),
    "x".repeat(64),
  );
});
