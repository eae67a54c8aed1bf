import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { metrics } from "@opentelemetry/api";
import { PrometheusExporter } from "@opentelemetry/exporter-prometheus";
import { defaultResource, detectResources, envDetector } from "@opentelemetry/resources";
import { MeterProvider } from "@opentelemetry/sdk-metrics";
import { bindObserved } from "./meter.ts";

export {
  type CounterInstrument,
  type HistogramOptions,
  type Instruments,
  type Labels,
  meter,
  type Reading,
  type RecordingInstrument,
} from "./meter.ts";

export interface MetricsOptions {
  /** The address to listen on; the metrics are for operators, so not the public one. */
  readonly host: string;
  /** 0 takes any free port. */
  readonly port: number;
  /** Distinct label sets an instrument keeps; what comes later is counted together under `otel_metric_overflow`. */
  readonly labelSetsPerInstrument?: number;
}

export interface RunningMetrics {
  readonly port: number;
  /** Stops listening and forgets the instruments' values. */
  close(): Promise<void>;
}

const SCRAPE_DEADLINE_MS = 10_000;

/**
 * Starts collecting and serves `GET /metrics` in Prometheus' text format on a port of its own.
 *
 * @throws the listener's error (EADDRINUSE…)
 */
export async function startMetrics(options: MetricsOptions): Promise<RunningMetrics> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const provider = new MeterProvider({
    resource: defaultResource().merge(detectResources({ detectors: [envDetector] })),
    readers: [exporter],
    views: [{ instrumentName: "*", aggregationCardinalityLimit: options.labelSetsPerInstrument ?? 500 }],
  });
  const server = serve(exporter);
  await listen(server, options);
  if (!metrics.setGlobalMeterProvider(provider)) {
    server.close();
    throw new Error("metrics are already started in this process");
  }
  bindObserved();
  return {
    port: (server.address() as AddressInfo).port,
    async close() {
      metrics.disable();
      server.closeAllConnections();
      await new Promise((closed) => server.close(closed));
      await provider.shutdown();
    },
  };
}

function serve(exporter: PrometheusExporter): Server {
  const server = createServer((request, response) => {
    if (request.method !== "GET" || request.url?.split("?")[0] !== "/metrics") {
      response.writeHead(404).end();
      return;
    }
    response.setHeader("cache-control", "no-store");
    exporter.getMetricsRequestHandler(request, response);
  });
  server.requestTimeout = SCRAPE_DEADLINE_MS;
  server.headersTimeout = SCRAPE_DEADLINE_MS;
  server.maxConnections = 16;
  server.unref();
  return server;
}

async function listen(server: Server, { host, port }: MetricsOptions): Promise<void> {
  await new Promise<void>((listening, failed) => {
    server.once("error", failed);
    server.listen({ host, port }, listening);
  });
}
