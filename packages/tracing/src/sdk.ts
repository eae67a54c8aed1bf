import { context, DiagLogLevel, diag, propagation, type TextMapPropagator, trace } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import {
  CompositePropagator,
  diagLogLevelFromString,
  W3CBaggagePropagator,
  W3CTraceContextPropagator,
} from "@opentelemetry/core";
import {
  defaultResource,
  detectResources,
  envDetector,
  hostDetector,
  osDetector,
  processDetector,
  type Resource,
  type ResourceDetector,
  serviceInstanceIdDetector,
} from "@opentelemetry/resources";
import { BatchSpanProcessor, ConsoleSpanExporter } from "@opentelemetry/sdk-trace";
import type { ExporterName, PropagatorName, TracingConfig } from "./config.ts";
import { lateRecorderOn } from "./late-recorder.ts";
import { setLateRecorder } from "./late-span.ts";
import { samplerOf } from "./sampler.ts";
import { type Sender, SpanBatches, type SpanRequest } from "./span-batches.ts";
import { setOwnSdk } from "./tracer.ts";
import { type EndedSpans, KinopassTracerProvider } from "./tracer-provider.ts";
import { type Log, WatchedExporter } from "./watched-exporter.ts";

export interface RunningTracing {
  /** Sends what is waiting. Rejects when it could not be sent. */
  flush(): Promise<void>;
  /** Sends what is waiting, for at most the given time, and stops. Safe to call twice. */
  shutdown(deadlineMs: number): Promise<void>;
}

const DETECTORS: Readonly<Record<string, ResourceDetector>> = {
  env: envDetector,
  host: hostDetector,
  os: osDetector,
  process: processDetector,
  serviceinstance: serviceInstanceIdDetector,
};

/** Registers the SDK as the process's own: context, propagation, sampling, export. */
export async function startTracing(config: TracingConfig, log: Log): Promise<RunningTracing> {
  for (const msg of config.complaints) log({ level: "warn", msg });
  showSdkMessages(config, log);
  const resource = resourceOf(config);
  const provider = new KinopassTracerProvider({
    resource,
    sample: samplerOf(config),
    limits: config.spanLimits,
    processors: await Promise.all(config.exporters.map((name) => processor(name, config, { resource, log }))),
  });
  const contexts = new AsyncLocalStorageContextManager();
  const tracer = provider.getTracer("@kinopass/tracing");
  const isOurs = context.setGlobalContextManager(contexts) && trace.setGlobalTracerProvider(provider);
  propagation.setGlobalPropagator(propagator(config.propagators));
  setLateRecorder(lateRecorderOn(tracer));
  if (isOurs) setOwnSdk({ tracer, contexts });
  log({
    level: "info",
    msg: "tracing is on",
    endpoint: config.endpoint,
    sampler: config.sampler,
    ratio: config.ratio,
  });
  let stopping: Promise<void> | undefined;
  return {
    flush: () => provider.forceFlush(),
    shutdown(deadlineMs) {
      stopping ??= stop(provider, deadlineMs, log);
      return stopping;
    },
  };
}

async function stop(provider: KinopassTracerProvider, deadlineMs: number, log: Log): Promise<void> {
  setLateRecorder(undefined);
  setOwnSdk(undefined);
  trace.disable();
  context.disable();
  propagation.disable();
  const { promise: late, resolve } = Promise.withResolvers<"late">();
  const timer = setTimeout(resolve, deadlineMs, "late");
  try {
    // A failing export has been told already; what matters here is that it is over.
    const ended = await Promise.race([provider.shutdown().catch(() => undefined), late]);
    if (ended === "late")
      log({ level: "warn", msg: "the last spans could not be sent in time", deadline_ms: deadlineMs });
  } finally {
    clearTimeout(timer);
  }
}

/** The console's exporter wants spans; Jaeger gets bytes. */
async function processor(
  name: ExporterName,
  config: TracingConfig,
  { resource, log }: { readonly resource: Resource; readonly log: Log },
): Promise<EndedSpans> {
  if (name === "console") {
    const exporter = new WatchedExporter(new ConsoleSpanExporter(), config.endpoint, log);
    return new BatchSpanProcessor({ ...config.batch, exporter });
  }
  const sender = new WatchedExporter(await otlpSender(config), config.endpoint, log);
  return new SpanBatches({ resource, limits: config.batch, sender });
}

async function otlpSender({ url, protocol, sendTimeoutMillis }: TracingConfig): Promise<Sender<SpanRequest>> {
  const options = { url, timeoutMillis: sendTimeoutMillis };
  // Of the two only the one that is asked for is loaded.
  const { sender } =
    protocol === "grpc" ? await import("./otlp-grpc-sender.ts") : await import("./otlp-http-sender.ts");
  return sender(options);
}

function propagator(names: readonly PropagatorName[]): TextMapPropagator {
  const propagators = names.map((name) =>
    name === "baggage" ? new W3CBaggagePropagator() : new W3CTraceContextPropagator(),
  );
  return new CompositePropagator({ propagators });
}

function resourceOf(config: TracingConfig): Resource {
  const detectors = config.detectors.flatMap((name) => DETECTORS[name] ?? []);
  return defaultResource().merge(detectResources({ detectors }));
}

function showSdkMessages(config: TracingConfig, log: Log): void {
  if (config.logLevel === undefined) return;
  const level = diagLogLevelFromString(config.logLevel) ?? DiagLogLevel.INFO;
  const tell = (as: "info" | "warn" | "error") => (msg: string) => log({ level: as, msg, sdk: true });
  const [error, warn, info] = [tell("error"), tell("warn"), tell("info")];
  diag.setLogger({ error, warn, info, debug: info, verbose: info }, { logLevel: level });
}
