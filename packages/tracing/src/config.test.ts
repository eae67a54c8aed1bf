import assert from "node:assert/strict";
import { test } from "node:test";
import { metricsConfig, tracingConfig } from "./config.ts";

const ON = { OTEL_EXPORTER_OTLP_ENDPOINT: "http://jaeger:4318" };

test("tracing is off without an endpoint, disabled, or with exporter none", () => {
  assert.equal(tracingConfig({}), undefined);
  assert.equal(tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "  " }), undefined);
  assert.equal(tracingConfig({ ...ON, OTEL_SDK_DISABLED: "TRUE" }), undefined);
  assert.equal(tracingConfig({ ...ON, OTEL_TRACES_EXPORTER: "none" }), undefined);
});

test("the defaults are the specification's", () => {
  const config = tracingConfig(ON);
  assert.deepEqual(config?.exporters, ["otlp"]);
  assert.equal(config?.protocol, "http/protobuf");
  assert.equal(config?.sampler, "parentbased_always_on");
  assert.deepEqual(config?.propagators, ["tracecontext", "baggage"]);
  assert.deepEqual(config?.batch, {
    scheduledDelayMillis: 5_000,
    exportTimeoutMillis: 30_000,
    maxQueueSize: 2_048,
    maxExportBatchSize: 512,
  });
  assert.deepEqual(config?.complaints, []);
});

test("the general endpoint gets the signal's path over HTTP, the signal's own stands as it is", () => {
  const url = (variables: Record<string, string>) => tracingConfig(variables)?.url;
  assert.equal(url(ON), "http://jaeger:4318/v1/traces");
  assert.equal(url({ OTEL_EXPORTER_OTLP_ENDPOINT: "http://proxy/otlp/" }), "http://proxy/otlp/v1/traces");
  assert.equal(url({ ...ON, OTEL_EXPORTER_OTLP_TRACES_ENDPOINT: "http://own:1/x" }), "http://own:1/x");
  assert.equal(url({ ...ON, OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }), "http://jaeger:4318");
  assert.equal(url({ OTEL_TRACES_EXPORTER: "otlp" }), "http://localhost:4318/v1/traces");
  assert.equal(
    url({ OTEL_TRACES_EXPORTER: "otlp", OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }),
    "http://localhost:4317",
  );
});

test("credentials in the endpoint are not shown", () => {
  const config = tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: "https://user:pass@jaeger:4318" });
  assert.equal(config?.url, "https://user:pass@jaeger:4318/v1/traces");
  assert.equal(config?.endpoint, "https://jaeger:4318/v1/traces");
  const shown = (endpoint: string, more: Record<string, string> = {}) =>
    tracingConfig({ OTEL_EXPORTER_OTLP_ENDPOINT: endpoint, ...more })?.endpoint;
  assert.equal(shown("http://user:p@ss@jaeger:4318"), "http://jaeger:4318/v1/traces");
  assert.doesNotMatch(
    shown("user:pass@jaeger:4317", { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" }) ?? "",
    /user|pass/,
  );
});

test("the signal's timeout wins over the general one, and the default is short enough to stop by", () => {
  const timeout = (variables: Record<string, string>) =>
    tracingConfig({ ...ON, ...variables })?.sendTimeoutMillis;
  assert.equal(timeout({}), 3_000);
  assert.equal(timeout({ OTEL_EXPORTER_OTLP_TIMEOUT: "500" }), 500);
  const both = { OTEL_EXPORTER_OTLP_TIMEOUT: "500", OTEL_EXPORTER_OTLP_TRACES_TIMEOUT: "700" };
  assert.equal(timeout(both), 700);
});

test("the signal's protocol wins over the general one", () => {
  const config = tracingConfig({
    ...ON,
    OTEL_EXPORTER_OTLP_PROTOCOL: "grpc",
    OTEL_EXPORTER_OTLP_TRACES_PROTOCOL: "http/protobuf",
  });
  assert.equal(config?.protocol, "http/protobuf");
});

test("sampler, ratio, limits, propagators and detectors are taken", () => {
  const config = tracingConfig({
    ...ON,
    OTEL_TRACES_SAMPLER: "parentbased_traceidratio",
    OTEL_TRACES_SAMPLER_ARG: "0.01",
    OTEL_PROPAGATORS: "tracecontext",
    OTEL_BSP_MAX_QUEUE_SIZE: "64",
    OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT: "100",
    OTEL_ATTRIBUTE_COUNT_LIMIT: "10",
    OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT: "5",
    OTEL_NODE_RESOURCE_DETECTORS: "all",
  });
  assert.equal(config?.sampler, "parentbased_traceidratio");
  assert.equal(config?.ratio, 0.01);
  assert.deepEqual(config?.propagators, ["tracecontext"]);
  assert.equal(config?.batch.maxQueueSize, 64);
  assert.equal(config?.spanLimits.attributeValueLengthLimit, 100);
  assert.equal(config?.spanLimits.attributeCountLimit, 5);
  assert.equal(config?.detectors.length, 5);
});

test("what is not understood is told and its default taken", () => {
  const config = tracingConfig({
    ...ON,
    OTEL_TRACES_SAMPLER: "jaeger_remote",
    OTEL_TRACES_SAMPLER_ARG: "2",
    OTEL_EXPORTER_OTLP_PROTOCOL: "http/json",
    OTEL_PROPAGATORS: "b3,tracecontext",
    OTEL_BSP_MAX_QUEUE_SIZE: "many",
  });
  assert.equal(config?.sampler, "parentbased_always_on");
  assert.equal(config?.ratio, 1);
  assert.equal(config?.protocol, "http/protobuf");
  assert.deepEqual(config?.propagators, ["tracecontext"]);
  assert.equal(config?.batch.maxQueueSize, 2_048);
  const told = config?.complaints.map((complaint) => complaint.split(/[=:]/)[0]).sort();
  assert.deepEqual(told, [
    "OTEL_BSP_MAX_QUEUE_SIZE",
    "OTEL_EXPORTER_OTLP_PROTOCOL",
    "OTEL_PROPAGATORS",
    "OTEL_TRACES_SAMPLER",
    "OTEL_TRACES_SAMPLER_ARG",
  ]);
});

test("an endpoint that nothing can be sent to leaves tracing off, is told, and is not shown", () => {
  const told = (environment: Record<string, string>) => {
    const complaints: string[] = [];
    const config = tracingConfig(environment, (complaint) => complaints.push(complaint));
    return [config?.url, ...complaints];
  };
  const complaint = (name: string, protocol: string) =>
    `${name} is not an address to send ${protocol} to; it is left out`;
  const [name, own] = ["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"];
  for (const wrong of [
    "no address",
    "jaeger:4318",
    "//jaeger",
    "ftp://jaeger",
    "http://",
    "user:pass@jaeger",
  ])
    assert.deepEqual(told({ [name]: wrong }), [undefined, complaint(name, "http/protobuf")], wrong);
  const grpc = { OTEL_EXPORTER_OTLP_PROTOCOL: "grpc" };
  assert.deepEqual(told({ ...grpc, [name]: "no address" }), [undefined, complaint(name, "grpc")]);
  assert.deepEqual(told({ ...grpc, [name]: "jaeger:4317" }), ["jaeger:4317"]);
  assert.equal(tracingConfig({ ...ON, [own]: "jaeger" })?.url, "http://jaeger:4318/v1/traces");
  assert.deepEqual(tracingConfig({ ...ON, [own]: "jaeger" })?.complaints, [complaint(own, "http/protobuf")]);
});

test("what leaves tracing off is told: an exporter that is not there", () => {
  const complaints: string[] = [];
  const environment = { ...ON, OTEL_TRACES_EXPORTER: "zipkin" };
  assert.equal(
    tracingConfig(environment, (complaint) => complaints.push(complaint)),
    undefined,
  );
  assert.deepEqual(complaints, [
    "OTEL_TRACES_EXPORTER: zipkin is not supported (otlp, console); it is left out",
  ]);
});

test("a flag is true or false, counts are whole, and resource attributes are a list", () => {
  const complaintsOn = (variables: Record<string, string>) =>
    tracingConfig({ ...ON, ...variables })?.complaints.map((complaint) => complaint.split(/[= ]/)[0]);
  assert.deepEqual(complaintsOn({ OTEL_SDK_DISABLED: "1" }), ["OTEL_SDK_DISABLED"]);
  assert.deepEqual(complaintsOn({ OTEL_SDK_DISABLED: "False" }), []);
  assert.deepEqual(complaintsOn({ OTEL_BSP_MAX_QUEUE_SIZE: "1.5" }), ["OTEL_BSP_MAX_QUEUE_SIZE"]);
  assert.equal(tracingConfig({ ...ON, OTEL_BSP_MAX_QUEUE_SIZE: "1.5" })?.batch.maxQueueSize, 2_048);
  for (const wrong of ["nonsense", "=a", "a=b=c", "a=%ZZ", `a=${"x".repeat(256)}`, "a=b,c"])
    assert.deepEqual(complaintsOn({ OTEL_RESOURCE_ATTRIBUTES: wrong }), ["OTEL_RESOURCE_ATTRIBUTES"], wrong);
  for (const right of ["", "a=b", "a=b,", "a%20b=c%2Cd, region=cfo", "a="])
    assert.deepEqual(complaintsOn({ OTEL_RESOURCE_ATTRIBUTES: right }), [], right);
});

test("metrics are served only where the variables ask for Prometheus", () => {
  assert.equal(metricsConfig({}), undefined);
  assert.equal(metricsConfig({ OTEL_METRICS_EXPORTER: "otlp" }), undefined);
  assert.deepEqual(metricsConfig({ OTEL_METRICS_EXPORTER: "prometheus" }), {
    host: "localhost",
    port: 9_464,
  });
  const asked = {
    OTEL_METRICS_EXPORTER: "prometheus",
    OTEL_EXPORTER_PROMETHEUS_HOST: "0.0.0.0",
    OTEL_EXPORTER_PROMETHEUS_PORT: "0",
  };
  assert.deepEqual(metricsConfig(asked), { host: "0.0.0.0", port: 0 });
  assert.equal(metricsConfig({ ...asked, OTEL_SDK_DISABLED: "true" }), undefined);
});

test("a metrics exporter that is not there, or a port that is none, is told", () => {
  const complaintsOf = (environment: Record<string, string>) => {
    const complaints: string[] = [];
    const config = metricsConfig(environment, (complaint) => complaints.push(complaint));
    return [config?.port, complaints.length, complaints[0]?.split(/[:=]/)[0]];
  };
  assert.deepEqual(complaintsOf({ OTEL_METRICS_EXPORTER: "otlp" }), [undefined, 1, "OTEL_METRICS_EXPORTER"]);
  assert.deepEqual(
    complaintsOf({ OTEL_METRICS_EXPORTER: "prometheus", OTEL_EXPORTER_PROMETHEUS_PORT: "many" }),
    [9_464, 1, "OTEL_EXPORTER_PROMETHEUS_PORT"],
  );
  assert.deepEqual(complaintsOf({ OTEL_METRICS_EXPORTER: "none" }), [undefined, 0, undefined]);
});
