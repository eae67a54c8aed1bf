import assert from "node:assert/strict";
import { test } from "node:test";
import { startOtlpReceiver } from "./testing/otlp-receiver.ts";
import { runScript } from "./testing/run-script.ts";
import { spanNamed } from "./testing/tracing-under-test.ts";

const SERVICE = { OTEL_SERVICE_NAME: "auth", OTEL_RESOURCE_ATTRIBUTES: "service.version=1.2.3,region=cfo" };
/** Prints the address of every SDK module that is loaded, from before the first one. */
const TELL_LOADED = `--import data:text/javascript,${encodeURIComponent(`
  import { registerHooks } from "node:module";
  registerHooks({ load(url, context, next) {
    if (url.includes("opentelemetry/") && !url.includes("opentelemetry/api/")) console.log(url);
    return next(url, context);
  } });`)}`;

test("a process started with --import sends its spans before it ends, under its service's name", async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const variables = {
    ...SERVICE,
    OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url,
    OTEL_EXPORTER_OTLP_COMPRESSION: "gzip",
  };
  const { code, stderr } = await runScript(`withSpan("work", {}, () => undefined);`, variables);
  assert.equal(code, 0, stderr);
  const { resource } = spanNamed(receiver.spans, "work");
  assert.deepEqual(
    [resource["service.name"], resource["service.version"], resource["region"]],
    ["auth", "1.2.3", "cfo"],
  );
  assert.equal(resource["process.command_args"], undefined);
});

test("shutdownTracing sends what is waiting before a process that exits by itself", async (t) => {
  const receiver = await startOtlpReceiver("grpc");
  t.after(() => receiver.close());
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  const source = `
    import { shutdownTracing } from "@kinopass/tracing/register";
    withSpan("work", {}, () => undefined);
    await shutdownTracing(5_000);
    process.exit(7); // what the test is about, in a process of its own`;
  const { code, stderr } = await runScript(source, variables);
  assert.equal(code, 7, stderr);
  assert.equal(receiver.spans.length, 1);
});

test("without an endpoint nothing of the SDK is loaded and nothing is said; with one it is", async () => {
  const source = `withSpan("work", {}, () => undefined);`;
  const off = await runScript(source, { NODE_OPTIONS: TELL_LOADED });
  assert.deepEqual(off, { code: 0, stdout: "", stderr: "" });
  const on = { NODE_OPTIONS: TELL_LOADED, OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9" };
  assert.match((await runScript(source, on)).stdout, /opentelemetry\/sdk-trace/);
});

test("a misspelt endpoint keeps no service from starting: it runs untraced and says why, once", async () => {
  const source = `withSpan("work", {}, () => console.log("served"));`;
  for (const protocol of ["http/protobuf", "grpc"]) {
    const { code, stdout, stderr } = await runScript(source, {
      OTEL_EXPORTER_OTLP_PROTOCOL: protocol,
      OTEL_EXPORTER_OTLP_ENDPOINT: "no address",
    });
    assert.deepEqual([code, stdout], [0, "served\n"], stderr);
    const lines = stderr.trimEnd().split("\n");
    assert.deepEqual([lines.length, JSON.parse(lines[0] ?? "{}").level], [1, 40], stderr);
  }
});

test("an SDK message is one JSON line on stderr", async () => {
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://127.0.0.1:9", OTEL_TRACES_SAMPLER: "nonsense" };
  const { stderr } = await runScript("process.exitCode = 0;", variables);
  const lines = stderr
    .trimEnd()
    .split("\n")
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  assert.equal(lines[0]?.["level"], 40);
  assert.match(String(lines[0]?.["msg"]), /^OTEL_TRACES_SAMPLER=nonsense is not supported/);
  assert.equal(lines[1]?.["msg"], "tracing is on");
});

test("a process whose spans nobody takes ends all the same, soon", async (t) => {
  const receiver = await startOtlpReceiver();
  receiver.behave("hang");
  t.after(() => receiver.close());
  const began = performance.now();
  const variables = { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url, OTEL_EXPORTER_OTLP_TIMEOUT: "1000" };
  const { code, stderr } = await runScript(`withSpan("work", {}, () => undefined);`, variables);
  assert.equal(code, 0);
  assert.ok(performance.now() - began < 8_000);
  assert.equal(stderr.match(/cannot be exported/g)?.length, 1, stderr);
});

test("worker threads do not start an SDK of their own", async (t) => {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  const source = `
    import { Worker } from "node:worker_threads";
    import { once } from "node:events";
    const worker = new Worker('import("@kinopass/tracing").then(({ withSpan }) => withSpan("inside", {}, () => undefined))', { eval: true });
    await once(worker, "exit");
    withSpan("outside", {}, () => undefined);`;
  const { code, stderr } = await runScript(source, { OTEL_EXPORTER_OTLP_ENDPOINT: receiver.url });
  assert.equal(code, 0, stderr);
  assert.deepEqual(
    receiver.spans.map((span) => span.name),
    ["outside"],
  );
});

test("OTEL_METRICS_EXPORTER=prometheus serves metrics, and an address that cannot be opened is told and survived", async () => {
  const source = `console.log("started");`;
  const taken = { OTEL_METRICS_EXPORTER: "prometheus", OTEL_EXPORTER_PROMETHEUS_HOST: "203.0.113.1" };
  const { code, stdout, stderr } = await runScript(source, taken);
  assert.deepEqual([code, stdout], [0, "started\n"]);
  assert.match(stderr, /metrics are off: the port could not be opened/);
});
