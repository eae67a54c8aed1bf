import { tracingConfig } from "../config.ts";
import { startTracing } from "../sdk.ts";

const FLUSH_DEADLINE_MS = 3_000;
let begun: Promise<void> | undefined;

/** Traces this process from now on, whole, and sends it over OTLP to that address, the last of it when the process ends. */
export function traceProcess(endpoint: string): Promise<void> {
  begun ??= begin(endpoint);
  return begun;
}

async function begin(endpoint: string): Promise<void> {
  const config = tracingConfig({
    OTEL_EXPORTER_OTLP_ENDPOINT: endpoint,
    OTEL_NODE_RESOURCE_DETECTORS: "none",
  });
  if (config === undefined) throw new Error(`nothing can be sent to ${endpoint}`);
  const running = await startTracing(config, () => undefined);
  process.once("beforeExit", () => void running.shutdown(FLUSH_DEADLINE_MS));
}
