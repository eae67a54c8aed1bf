import { ConfigError } from "@kinopass/config";
import { createLogger, leave, PortTaken, serveMetrics } from "@kinopass/http";
import { shutdownTracing } from "@kinopass/tracing/register";
import { startCatalog } from "./app.ts";
import { systemClock } from "./clock.ts";
import { readCatalogConfig } from "./config.ts";

/** With the second that balancers have to notice, three at most for an instance that has nothing else to finish. */
const LAST_SPANS_MS = 1_500;

/** Reads the configuration, starts; on SIGTERM or SIGINT drains and leaves nothing behind. */
async function main(): Promise<void> {
  const config = readCatalogConfig(process.env);
  const logger = createLogger({ level: config.logLevel, service: "catalog" });
  if (config.credential === undefined)
    logger.warn("no service credential: ended sessions are noticed only when their tokens run out");
  const closeMetrics = await serveMetrics({
    ...config.metrics,
    portVariable: "CATALOG_METRICS_PORT",
    logger,
  });
  const catalog = await startCatalog({ config, clock: systemClock, logger });
  logger.info({ address: catalog.address, imported: catalog.imported }, "listening");

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, "draining");
    void catalog
      .close()
      .then(
        () => logger.info("stopped"),
        (error: unknown) => logger.error({ err: error }, "could not stop cleanly"),
      )
      .then(() => Promise.all([closeMetrics(), shutdownTracing(LAST_SPANS_MS)]))
      // Spans on their way to a Jaeger that is silent would keep the process for as long as they are waited for.
      .then(() => leave(logger));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signal));
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError || error instanceof PortTaken ? error.message : error);
  process.exitCode = 1;
});
