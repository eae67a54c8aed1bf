import { setTimeout as delay } from "node:timers/promises";
import type { FastifyBaseLogger } from "fastify";
import { lastLinesOf } from "./logger.ts";

/** Longest wait for whoever reads the log, in milliseconds. */
const LAST_LINES_MS = 1_000;

/** Ends the process when its last lines are written; a second later where nobody reads them. */
export async function leave(logger: FastifyBaseLogger): Promise<never> {
  const told = lastLinesOf(logger).then(
    () => true,
    () => true,
  );
  // exit() would wait for the thread in which a write is stuck.
  if (!(await Promise.race([told, delay(LAST_LINES_MS, false)]))) process.kill(process.pid, "SIGKILL");
  process.exit(); // its callers, main.ts and a test's own process, have closed all there is to close
}
