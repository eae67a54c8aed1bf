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

interface BatchLimits {
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

export type ExporterName = (typeof EXPORTERS)[number];
export type SamplerName = (typeof SAMPLERS)[number];
export type PropagatorName = (typeof PROPAGATORS)[number];

export type Environment = Readonly<Record<string, string | undefined>>;

/** The variables this process was started with; here because only config files may look at them. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The configuration of tracing; undefined when it is off: disabled, or with nowhere to send spans to. */
export function tracingConfig(environment: Environment = processEnvironment()): TracingConfig | undefined {
  const read = new Reader(environment);
  if (read.text("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return undefined;
  const protocol = readProtocol(read);
  const url = readUrl(read, protocol);
  const exporters = read.list("OTEL_TRACES_EXPORTER", EXPORTERS, url === undefined ? [] : ["otlp"]);
  if (exporters.length === 0) return undefined;
  const sampler = read.choice("OTEL_TRACES_SAMPLER", SAMPLERS, "parentbased_always_on");
  return {
    exporters,
    protocol,
    url: url ?? DEFAULT_URLS[protocol],
    endpoint: withoutCredentials(url ?? DEFAULT_URLS[protocol]),
    sendTimeoutMillis: read.number(
      "OTEL_EXPORTER_OTLP_TRACES_TIMEOUT",
      read.number("OTEL_EXPORTER_OTLP_TIMEOUT", SEND_TIMEOUT_MS, 1),
      1,
    ),
    sampler,
    ratio: read.number("OTEL_TRACES_SAMPLER_ARG", 1, 0, 1),
    propagators: read.list("OTEL_PROPAGATORS", PROPAGATORS, PROPAGATORS),
    batch: {
      scheduledDelayMillis: read.number("OTEL_BSP_SCHEDULE_DELAY", 5_000, 1),
      exportTimeoutMillis: read.number("OTEL_BSP_EXPORT_TIMEOUT", 30_000, 1),
      maxQueueSize: read.number("OTEL_BSP_MAX_QUEUE_SIZE", 2_048, 1),
      maxExportBatchSize: read.number("OTEL_BSP_MAX_EXPORT_BATCH_SIZE", 512, 1),
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
  const read = new Reader(environment);
  if (read.text("OTEL_SDK_DISABLED")?.toLowerCase() === "true") return undefined;
  const asked = read.list("OTEL_METRICS_EXPORTER", ["prometheus"], []).includes("prometheus");
  const host = read.text("OTEL_EXPORTER_PROMETHEUS_HOST") ?? "localhost";
  const port = asked ? read.number("OTEL_EXPORTER_PROMETHEUS_PORT", 9_464, 0, 65_535) : 0;
  for (const complaint of read.complaints) complain(complaint);
  return asked ? { host, port } : undefined;
}

function readProtocol(read: Reader): TracingConfig["protocol"] {
  const name = "OTEL_EXPORTER_OTLP_PROTOCOL";
  const general = read.choice(name, ["grpc", "http/protobuf"], "http/protobuf");
  return read.choice("OTEL_EXPORTER_OTLP_TRACES_PROTOCOL", ["grpc", "http/protobuf"], general);
}

/** The specification's: the signal's own variable as it stands; the general one with the signal's path put behind (HTTP). */
function readUrl(read: Reader, protocol: TracingConfig["protocol"]): string | undefined {
  const general = read.text("OTEL_EXPORTER_OTLP_ENDPOINT");
  const own = read.text("OTEL_EXPORTER_OTLP_TRACES_ENDPOINT");
  if (own !== undefined || general === undefined || protocol === "grpc") return own ?? general;
  return `${general.replace(/\/$/, "")}/v1/traces`;
}

function readSpanLimits(read: Reader): SpanLimitNumbers {
  const length = read.number("OTEL_ATTRIBUTE_VALUE_LENGTH_LIMIT", LONGEST_VALUE, 1);
  const count = read.number("OTEL_ATTRIBUTE_COUNT_LIMIT", 128, 0);
  return {
    attributeValueLengthLimit: read.number("OTEL_SPAN_ATTRIBUTE_VALUE_LENGTH_LIMIT", length, 1),
    attributeCountLimit: read.number("OTEL_SPAN_ATTRIBUTE_COUNT_LIMIT", count, 0),
    eventCountLimit: read.number("OTEL_SPAN_EVENT_COUNT_LIMIT", 128, 0),
    linkCountLimit: read.number("OTEL_SPAN_LINK_COUNT_LIMIT", 128, 0),
    attributePerEventCountLimit: read.number("OTEL_EVENT_ATTRIBUTE_COUNT_LIMIT", 128, 0),
    attributePerLinkCountLimit: read.number("OTEL_LINK_ATTRIBUTE_COUNT_LIMIT", 128, 0),
  };
}

function withoutCredentials(endpoint: string): string {
  return endpoint.replace(/\/\/[^/@]*@/, "//");
}

/** Reads variables as the specification has it: an empty one is unset, a wrong one is told and left at its default. */
class Reader {
  readonly #environment: Environment;
  readonly complaints: string[] = [];

  constructor(environment: Environment) {
    this.#environment = environment;
  }

  text(name: string): string | undefined {
    const value = this.#environment[name]?.trim();
    return value === "" ? undefined : value;
  }

  number(name: string, fallback: number, least: number, most = Number.MAX_SAFE_INTEGER): number {
    const text = this.text(name);
    if (text === undefined) return fallback;
    const value = Number(text);
    if (Number.isFinite(value) && value >= least && value <= most) return value;
    this.complaints.push(`${name}=${text} is not a number from ${least} to ${most}; ${fallback} it is`);
    return fallback;
  }

  choice<Name extends string>(name: string, names: readonly Name[], fallback: Name): Name {
    const text = this.text(name)?.toLowerCase();
    if (text === undefined) return fallback;
    const found = names.find((known) => known === text);
    if (found === undefined) {
      this.complaints.push(`${name}=${text} is not supported (${names.join(", ")}); ${fallback} it is`);
    }
    return found ?? fallback;
  }

  list<Name extends string>(
    name: string,
    names: readonly Name[],
    fallback: readonly Name[],
    all?: readonly Name[],
  ): readonly Name[] {
    const parts = this.text(name)
      ?.toLowerCase()
      .split(/\s*,\s*/);
    if (parts === undefined) return fallback;
    if (parts.includes("none")) return [];
    if (all !== undefined && parts.includes("all")) return all;
    const unknown = parts.filter((part) => !names.some((known) => known === part));
    for (const part of unknown) {
      this.complaints.push(`${name}: ${part} is not supported (${names.join(", ")}); it is left out`);
    }
    return names.filter((known) => parts.includes(known));
  }
}
