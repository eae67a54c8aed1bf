import assert from "node:assert/strict";
import { test } from "node:test";
import { trace as api, context, createContextKey } from "@opentelemetry/api";
import { withSpan } from "./index.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";
import { activeContext, activeTracer } from "./tracer.ts";

test("our own set-up and the API know of one another's spans and contexts, also after a second start", async (t) => {
  for (const start of ["first", "second"])
    await t.test(`${start} start`, async (part) => {
      assert.equal(activeTracer(), undefined);
      const { collect } = await traceToReceiver(part);
      const key = createContextKey("somebody's");
      context.with(context.active().setValue(key, start), () => {
        assert.equal(activeContext().getValue(key), start);
        withSpan("ours", {}, () => {
          assert.equal(context.active().getValue(key), start);
          api.getTracer("somebody's").startActiveSpan("theirs", (span) => {
            withSpan("ours below", {}, () => undefined);
            span.end();
          });
        });
      });
      const spans = await collect();
      const parentOf = (name: string) => spanNamed(spans, name).parentSpanId;
      assert.equal(parentOf("theirs"), spanNamed(spans, "ours").spanId);
      assert.equal(parentOf("ours below"), spanNamed(spans, "theirs").spanId);
    });
  assert.equal(activeTracer(), undefined);
});

test("somebody else's provider is noticed when it is registered, and when it is taken away", () => {
  assert.equal(activeTracer(), undefined);
  const tracer = api.getTracer("nobody's");
  api.setGlobalTracerProvider({ getTracer: () => tracer });
  assert.equal(activeTracer(), tracer);
  api.disable();
  assert.equal(activeTracer(), undefined);
});
