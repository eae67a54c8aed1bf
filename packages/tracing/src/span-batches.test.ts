import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { setImmediate as turn } from "node:timers/promises";
import { type ExportResult, ExportResultCode } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import { tracingConfig } from "./config.ts";
import { SpanBatches, type SpanRequest } from "./span-batches.ts";
import { decodeTraceRequest } from "./testing/otlp-protobuf.ts";
import { KinopassTracerProvider } from "./tracer-provider.ts";

/** Batches of two, of which as many as make four spans may wait; sending is answered by hand. */
function setUp(t: TestContext) {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const sent: string[] = [];
  const answers: ((result: ExportResult) => void)[] = [];
  let isShutDown = false;
  const sender = {
    export(request: SpanRequest, done: (result: ExportResult) => void) {
      const spans = decodeTraceRequest(Buffer.from(request.body));
      assert.equal(spans.length, request.length);
      sent.push(spans.map(({ name }) => name).join(""));
      answers.push(done);
    },
    async shutdown() {
      isShutDown = true;
    },
  };
  const variables = {
    OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "2",
    OTEL_BSP_MAX_QUEUE_SIZE: "4",
    OTEL_BSP_SCHEDULE_DELAY: "1000",
    OTEL_BSP_EXPORT_TIMEOUT: "2000",
  };
  const config = tracingConfig(variables);
  assert.ok(config);
  const batches = new SpanBatches({ resource: emptyResource(), limits: config.batch, sender });
  const sample = () => true;
  const provider = new KinopassTracerProvider({
    resource: emptyResource(),
    sample,
    limits: config.spanLimits,
    processors: [batches],
  });
  return {
    batches,
    end(names: string) {
      for (const name of names) provider.getTracer("test").startSpan(name).end();
    },
    async answer(code = ExportResultCode.SUCCESS) {
      answers.shift()?.({ code });
      await turn();
    },
    async pass(ms: number) {
      t.mock.timers.tick(ms);
      await turn();
    },
    told: () => sent.splice(0),
    isShutDown: () => isShutDown,
  };
}

test("a full batch goes at once, one at a time, and what finds the queue full is dropped", async (t) => {
  const { end, answer, told } = setUp(t);
  end("a");
  assert.deepEqual(told(), []);
  end("bcdefgh");
  assert.deepEqual(told(), ["ab"]);
  await answer();
  assert.deepEqual(told(), ["cd"]);
  end("i");
  await answer(ExportResultCode.FAILED);
  assert.deepEqual(told(), ["ef"]);
  end("j");
  await answer();
  assert.deepEqual(told(), ["ij"]);
});

test("a batch that does not fill goes when its first span has waited long enough", async (t) => {
  const { end, answer, pass, told } = setUp(t);
  end("a");
  await pass(999);
  assert.deepEqual(told(), []);
  await pass(1);
  assert.deepEqual(told(), ["a"]);
  end("b");
  await pass(1_000);
  assert.deepEqual(told(), []);
  await answer();
  await pass(1_000);
  assert.deepEqual(told(), ["b"]);
});

test("who is not answered in time holds nobody up", async (t) => {
  const { end, pass, told } = setUp(t);
  end("abcd");
  await pass(2_000);
  assert.deepEqual(told(), ["ab", "cd"]);
});

test("flushing rejects with what could not be sent, and shutting down sends what waits", async (t) => {
  const { batches, end, answer, told, isShutDown } = setUp(t);
  end("a");
  const flushed = assert.rejects(batches.forceFlush());
  await answer(ExportResultCode.FAILED);
  await flushed;
  end("b");
  const stopped = batches.shutdown();
  end("c");
  assert.equal(isShutDown(), false);
  await answer();
  await stopped;
  assert.deepEqual([told(), isShutDown()], [["a", "b"], true]);
});
