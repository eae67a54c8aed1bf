import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { test } from "node:test";
import { setFlagsFromString } from "node:v8";
import { runInNewContext } from "node:vm";
import { tracingConfig } from "./config.ts";
import { withSpan } from "./index.ts";
import { startTracing } from "./sdk.ts";
import { startOtlpReceiver } from "./testing/otlp-receiver.ts";
import { spanNamed, traceToReceiver } from "./testing/tracing-under-test.ts";
import type { LogLine } from "./watched-exporter.ts";

const QUICK = { OTEL_BSP_SCHEDULE_DELAY: "10", OTEL_NODE_RESOURCE_DETECTORS: "none" };
const span = (name: string) => withSpan(name, {}, () => undefined);

/** A port where nobody listens: it was just given back. */
async function deadPort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  await once(server, "close");
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function start(t: { after(fn: () => Promise<void>): void }, variables: Record<string, string>) {
  const config = tracingConfig({ ...QUICK, ...variables });
  assert.ok(config);
  const lines: LogLine[] = [];
  const told = new EventTarget();
  const running = await startTracing(config, (line) => {
    lines.push(line);
    told.dispatchEvent(new Event("line"));
  });
  t.after(() => running.shutdown(100));
  const warned = async (pattern: RegExp) => {
    const signal = AbortSignal.timeout(15_000);
    while (!lines.some((line) => pattern.test(line.msg))) await once(told, "line", { signal });
  };
  return { running, lines, warned };
}

for (const protocol of ["http/protobuf", "grpc"]) {
  test(`spans go out over ${protocol} with the resource's attributes`, async (t) => {
    const { collect } = await traceToReceiver(t, { OTEL_EXPORTER_OTLP_PROTOCOL: protocol });
    span("sent");
    const sent = spanNamed(await collect(), "sent");
    assert.equal(sent.resource["telemetry.sdk.language"], "nodejs");
    assert.match(String(sent.resource["service.name"]), /^unknown_service/);
  });

  test(`an endpoint that refuses (${protocol}) is one line, and nobody waits`, async (t) => {
    const url = `http://127.0.0.1:${await deadPort()}`;
    const { lines, warned } = await start(t, {
      OTEL_EXPORTER_OTLP_ENDPOINT: url,
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_BSP_EXPORT_TIMEOUT: "500",
    });
    const began = performance.now();
    for (let n = 0; n < 10_000; n += 1) span("lost");
    assert.ok(performance.now() - began < 5_000);
    await warned(/cannot be exported/);
    span("lost too");
    assert.equal(lines.filter((line) => line.level === "warn").length, 1);
  });
}

test("an endpoint that accepts and never answers costs one line, a bounded queue and no waiting", async (t) => {
  const receiver = await startOtlpReceiver();
  receiver.behave("hang");
  t.after(() => receiver.close());
  const { running, lines } = await start(t, {
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_BSP_MAX_QUEUE_SIZE: "100",
    OTEL_BSP_MAX_EXPORT_BATCH_SIZE: "50",
  });
  for (let n = 0; n < 500; n += 1) span("first");
  const heapBefore = heapAfterCollection();
  for (let n = 0; n < 50_000; n += 1) span("dropped");
  const grown = heapAfterCollection() - heapBefore;
  assert.ok(grown < 4_000_000, `${grown} bytes`);
  const began = performance.now();
  await running.shutdown(200);
  const took = performance.now() - began;
  assert.ok(took < 2_000, `${took} ms`);
  assert.deepEqual(
    lines.filter((line) => line.level !== "info").map((line) => line.msg),
    ["the last spans could not be sent in time"],
  );
});

test("the endpoint going and coming back is told once each, with what was lost", async (t) => {
  const { receiver, lines, running } = await traceToReceiver(t);
  const flush = async (name: string) => {
    span(name);
    await running.flush().catch(() => undefined);
  };
  await flush("before");
  receiver.behave(400);
  for (const name of ["a", "b", "c"]) await flush(name);
  receiver.behave("keep");
  for (const name of ["after", "later"]) await flush(name);
  const told = lines.slice(1).map(({ level, msg, lost_spans }) => [level, msg.split(";")[0], lost_spans]);
  assert.deepEqual(told, [
    ["warn", "traces cannot be exported", undefined],
    ["info", "traces are exported again", 3],
  ]);
  assert.deepEqual(
    receiver.spans.map((found) => found.name),
    ["before", "after", "later"],
  );
});

test("shutting down sends what was waiting, and twice is once", async (t) => {
  const { receiver, running } = await traceToReceiver(t, { OTEL_BSP_SCHEDULE_DELAY: "60000" });
  span("waiting");
  await Promise.all([running.shutdown(5_000), running.shutdown(5_000)]);
  span("too late");
  assert.deepEqual(
    receiver.spans.map((found) => found.name),
    ["waiting"],
  );
});

/** The heap without its garbage. */
function heapAfterCollection(): number {
  setFlagsFromString("--expose-gc");
  const collect = runInNewContext("gc") as () => void;
  collect();
  return process.memoryUsage().heapUsed;
}
