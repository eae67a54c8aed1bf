import { traceProcess } from "@kinopass/tracing/testing/traced-process";

/**
 * Where somebody listens to what tests trace (`scripts/test.mjs` does), this process traces everything, as a service with a
 * Jaeger would, and tells it there: what no span may say is looked for in all of it.
 */
export async function traceSuite(): Promise<void> {
  const endpoint = process.env["KINOPASS_TEST_SPANS"];
  if (endpoint !== undefined) await traceProcess(endpoint);
}
