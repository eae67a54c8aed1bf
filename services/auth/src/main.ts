import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { ConfigError } from "@kinopass/config";
import { createLogger, drain, leave, listen, serveMetrics } from "@kinopass/http";
import { migrate } from "@kinopass/postgres";
import { shutdownTracing } from "@kinopass/tracing/register";
import { buildAuth } from "./app.ts";
import { systemClock } from "./clock.ts";
import { readAuthConfig } from "./config.ts";
import { observeAuth } from "./metrics/gauges.ts";

/** With the second that balancers have to notice, three at most for an instance that has nothing else to finish. */
const LAST_SPANS_MS = 1_500;

/** Reads the configuration, migrates, listens; on SIGTERM or SIGINT drains and leaves nothing behind. */
async function main(): Promise<void> {
  const config = readAuthConfig(process.env);
  const logger = createLogger({ level: config.logLevel, service: "auth" });
  const closeMetrics = await serveMetrics({ ...config.metrics, portVariable: "AUTH_METRICS_PORT", logger });
  await migrate({
    url: config.databaseUrl,
    directory: join(dirname(fileURLToPath(import.meta.url)), "../migrations"),
    schema: "auth",
  });
  const auth = await buildAuth({ config, clock: systemClock, logger });
  const stopObserving = observeAuth(auth.capabilities);
  await auth.prepare();
  const address = await listen(auth.app, { host: config.host, port: config.port, portVariable: "AUTH_PORT" });
  auth.startBackground();
  logger.info({ address }, "listening");

  let stopping = false;
  const stop = (signal: string) => {
    if (stopping) return;
    stopping = true;
    logger.info({ signal }, "draining");
    void drain(auth.app, auth.close)
      .then(
        () => logger.info("stopped"),
        (error: unknown) => logger.error({ err: error }, "could not stop cleanly"),
      )
      .then(stopObserving)
      .then(() => Promise.all([closeMetrics(), shutdownTracing(LAST_SPANS_MS)]))
      // Spans on their way to a Jaeger that is silent would keep the process for as long as they are waited for.
      .then(() => leave(logger));
  };
  for (const signal of ["SIGTERM", "SIGINT"] as const) process.on(signal, () => stop(signal));
}

main().catch((error: unknown) => {
  console.error(error instanceof ConfigError ? error.message : error);
  process.exitCode = 1;
});
