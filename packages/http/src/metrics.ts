import type { FastifyBaseLogger } from "fastify";

export interface MetricsAddress {
  /** For operators, so not the public one. */
  readonly host: string;
  /** 0 is off. */
  readonly port: number;
}

interface MetricsOptions extends MetricsAddress {
  /** Named in the log where the port cannot be opened, e.g. `AUTH_METRICS_PORT`. */
  readonly portVariable: string;
  readonly logger: FastifyBaseLogger;
}

/**
 * Serves `GET /metrics` on a port of its own; resolves to what closes it. Start it before anything is counted: what is
 * recorded earlier is lost. A port that cannot be opened is told and survived, since nobody is to be kept out of the
 * cinema because nobody can count them.
 */
export async function serveMetrics(options: MetricsOptions): Promise<() => Promise<void>> {
  const { host, port, portVariable, logger } = options;
  if (port === 0) return async () => {};
  // Loaded on demand: with metrics off nothing of the SDK is in memory.
  const { startMetrics } = await import("@kinopass/tracing/metrics");
  try {
    const running = await startMetrics({ host, port });
    return () => running.close();
  } catch (error) {
    logger.error({ err: error, host, port }, `metrics are off; ${portVariable} chooses another port`);
    return async () => {};
  }
}
