import { type Environment, VariableReader } from "./variable-reader.ts";

export type { Environment } from "./variable-reader.ts";

/** What the standard OTEL_* variables ask for. Those of the OTLP exporters themselves are read by the exporters. */
export interface TracingConfig {
  readonly exporters: readonly ExporterName[];
  readonly protocol: "grpc" | "http/protobuf";
  /** Where the OTLP exporter sends to. */
  readonly url: string;
  /** The same for log lines, without credentials. */
  readonly endpoint: string;
  /** Longest wait for one batch to be taken, retries included. */
  readonly sendTimeoutMillis: number;
  readonly sampler: SamplerName;
  /** Share of traces kept by the ratio samplers, 0 to 1. */
  readonly ratio: number;
  readonly propagators: readonly PropagatorName[];
  readonly batch: BatchLimits;
  readonly spanLimits: SpanLimitNumbers;
  readonly detectors: readonly string[];
  /** Undefined: the SDK's own messages are not shown. */
  readonly logLevel: string | undefined;
  /** What was set but not understood; each is told once and its default taken (as the specification asks). */
  readonly complaints: readonly string[];
}

export interface MetricsConfig {
  readonly host: string;
  readonly port: number;
}

export interface BatchLimits {
  readonly scheduledDelayMillis: number;
  readonly exportTimeoutMillis: number;
  readonly maxQueueSize: number;
  readonly maxExportBatchSize: number;
}

export interface SpanLimitNumbers {
  readonly attributeValueLengthLimit: number;
  readonly attributeCountLimit: number;
  readonly eventCountLimit: number;
  readonly linkCountLimit: number;
  readonly attributePerEventCountLimit: number;
  readonly attributePerLinkCountLimit: number;
}

const EXPORTERS = ["otlp", "console"] as const;
const SAMPLERS = [
  "always_on",
  "always_off",
  "traceidratio",
  "parentbased_always_on",
  "parentbased_always_off",
  "parentbased_traceidratio",
] as const;
const PROPAGATORS = ["tracecontext", "baggage"] as const;
const DETECTORS = ["env", "host", "os", "process", "serviceinstance"] as const;
/** The process detector is left out of the default: it tells the command line, and those carry secrets. */
const DEFAULT_DETECTORS = ["env", "host", "serviceinstance"] as const;
const DEFAULT_URLS = { grpc: "http://localhost:4317", "http/protobuf": "http://localhost:4318/v1/traces" };
/** The specification's 10 s would keep a stopping process alive that long when Jaeger is away. */
const SEND_TIMEOUT_MS = 3_000;
/** A bound where the specification has none: the longest attribute value, in characters. */
const LONGEST_VALUE = 8_192;
const LONGEST_RESOURCE_TEXT = 255;

export type ExporterName = (typeof EXPORTERS)[number];
export type SamplerName = (typeof SAMPLERS)[number];
export type PropagatorName = (typeof PROPAGATORS)[number];

/** The variables this process was started with; here because only config files may look at them. */
export function processEnvironment(): Environment {
  return process.env;
}

/**
 * The configuration of tracing; undefined when it is off: disabled, or with nowhere to send spans to. What was set but not
 * understood and leaves it off is handed to `complain`; else it is in the configuration.
 */
export function tracingConfig(
  environment: Environment = processEnvironment(),
  complain: (complaint: string) => void = () => undefined,
): TracingConfig | undefined {
  const read = new VariableReader(environment);
  if (read.flag("OTEL_SDK_DISABLED")) return undefined;
  const protocol = readProtocol(read);
  const url = readUrl(read, protocol);
  const exporters = read.list("OTEL_TRACES_EXPORTER", EXPORTERS, url === undefined ? [] : ["otlp"]);
  if (exporters.length === 0) {
    for (const complaint of read.complaints) complain(complaint);
    return undefined;
  }
  checkResourceAttributes(read);
  const sampler = read.choice("OTEL_TRACES_SAMPLER", SAMPLERS, "parentbased_always_on");
  return {
    exporters,
    protocol,
    url: url ?? DEFAULT_URLS[protocol],
    endpoint: withoutCredentials(url ?? DEFAULT_URLS[protocol]),
    sendTimeoutMillis: read.whole(
      "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
      read.whole("OTEL_EXPORTER_OTLP_TIMEOUT", SEND_TIMEOUT_MS, 1),
      1,
    ),
    sampler,
    ratio: read.number("OTEL_TRACES_SAMPLER_ARG", 1, 0, 1),
    propagators: read.list("OTEL_PROPAGATORS", PROPAGATORS, PROPAGATORS),
    batch: {
      scheduledDelayMillis: read.whole("OTEL_BSP_SCHEDULE_DELAY", 5_000, 1),
      exportTimeoutMillis: read.whole("OTEL_BSP_EXPORT_TIMEOUT", 30_000, 1),
      maxQueueSize: read.whole("OTEL_BSP_MAX_QUEUE_SIZE", 2_048, 1),
      maxExportBatchSize: read.whole("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1),
    },
    spanLimits: readSpanLimits(read),
    detectors: read.list("OTEL_NODE_RESOURCE_DETECTORS", DETECTORS, DEFAULT_DETECTORS, DETECTORS),
    logLevel: read.text("OTEL_LOG_LEVEL"),
    complaints: read.complaints,
  };
}

/**
 * Where OTEL_METRICS_EXPORTER=prometheus wants metrics served; undefined when it does not ask for that. What was set but
 * not understood is handed to `complain`.
 */
export function metricsConfig(
  environment: Environment = processEnvironment(),
  complain: (complaint: string) => void = () => undefined,
): MetricsConfig | undefined {
  const read = new VariableReader(environment);
  if (environment["OTEL_SDK_DISABLED"]?.trim().toLowerCase() === "true") return undefined;
  const asked = read.list("OTEL_METRICS_EXPORTER", ["prometheus"], []).includes("prometheus");
  const host = read.text("OTEL_EXPORTER_PROMETHEUS_HOST") ?? "localhost";
  const port = asked ? read.whole("OTEL_EXPORTER_PROMETHEUS_PORT", 9_464, 0, 65_535) : 0;
  for (const complaint of read.complaints) complain(complaint);
  return asked ? { host, port } : undefined;
}

function readProtocol(read: VariableReader): TracingConfig["protocol"] {
  const name = "OTEL_EXPORTER_OTLP_PROTOCOL";
  const general = read.choice(name, ["grpc", "http/protobuf"], "http/protobuf");
  return read.choice("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", ["grpc", "http/protobuf"], general);
}

/**
 * The specification's: the signal's own variable as it stands; the general one with the signal's path put behind (HTTP). One
 * that no exporter could send to counts as not set: a misspelt endpoint must not keep a service from starting.
 */
function readUrl(read: VariableReader, protocol: TracingConfig["protocol"]): string | undefined {
  const [general, own] = (["OTEL_EXPORTER_OTLP_ENDPOINT", "OTEL_EXPORTER_OTLP_TRACES_ENDPOINT"] as const).map(
    (name) => {
      const text = read.text(name);
      if (text === undefined || isEndpoint(text, protocol)) return text;
      read.complain(`${name} is not an address to send ${protocol} to; it is left out`);
      return undefined;
    },
  );
  if (own !== undefined || general === undefined || protocol === "grpc") return own ?? general;
  return `${general.replace(/\/$/, "")}/v1/traces`;
}

/** Its text stays out of the complaint: where it cannot be read, nor can it be told what in it is a password. */
function isEndpoint(text: string, protocol: TracingConfig["protocol"]): boolean {
  if (protocol === "http/protobuf") return /^https?:\/\//i.test(text) && URL.canParse(text);
  return URL.canParse(/^\w{1,8}:\/\//.test(text) ? text : `https://${text}`);
}

/** The resource's detector throws the whole list away over one mistake, and says so to nobody. */
function checkResourceAttributes(read: VariableReader): void {
  const name = "OTEL_RESOURCE_ATTRIBUTES";
  const parts = (read.text(name) ?? "").split(",").filter((part) => part.trim() !== "");
  if (!parts.every(isResourceAttribute))
    read.complain(`${name} is not a list of name=value, percent-encoded; all of it is left out`);
}

function isResourceAttribute(part: string): boolean {
  const [key = "", value, ...more] = part.split("=");
  if (key.trim() === "" || value === undefined || more.length > 0) return false;
  try {
    return [key, value].every((text) => decodeURIComponent(text.trim()).length <= LONGEST_RESOURCE_TEXT);
  } catch {
    return false;
  }
}

function readSpanLimits(read: VariableReader): SpanLimitNumbers {
  const length = read.whole("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", LONGEST_VALUE, 1);
  const count = read.whole("OTEL_ATTRIBUTE_COUNT_LIMIT", 128, 0);
  return {
    attributeValueLengthLimit: read.whole("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", length, 1),
    attributeCountLimit: read.whole("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", count, 0),
    eventCountLimit: read.whole("OTEL_SPAN_EVENT_COUNT_LIMIT", 128, 0),
    linkCountLimit: read.whole("OTEL_SPAN_LINK_COUNT_LIMIT", 128, 0),
    attributePerEventCountLimit: read.whole("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", 128, 0),
    attributePerLinkCountLimit: read.whole("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", 128, 0),
  };
}

/** Up to the last @: a password may have any sign in it, and the scheme may be missing. */
function withoutCredentials(endpoint: string): string {
  return endpoint.replace(/^([a-z][a-z\d+.-]*:\/\/)?.*@/i, "$1");
}
