// Loaded before anything else: `node --import @kinopass/tracing/register main.js`. Without an endpoint in the OTEL_*
// variables it registers nothing and loads nothing of the SDK.
import { write } from "node:fs";
import { setTimeout as delay } from "node:timers/promises";
import { isMainThread } from "node:worker_threads";
import { metricsConfig, processEnvironment, tracingConfig } from "./config.ts";
import type { RunningMetrics } from "./metrics.ts";
import type { RunningTracing } from "./sdk.ts";
import type { LogLine } from "./watched-exporter.ts";

const STDERR = 2;
const LEVELS = { info: 30, warn: 40, error: 50 } as const;
const FLUSH_DEADLINE_MS = 3_000;
const TELLING_MS = 200;

let running: RunningTracing | undefined;
let metrics: RunningMetrics | undefined;
/** What is not written yet; whoever reads our log and stopped must not make this grow. */
const lines: string[] = [];
const MOST_LINES = 100;
/** Settles when the last line is written; undefined while none waits. */
let told: Promise<void> | undefined;

/**
 * Sends the spans that are waiting and stops tracing; resolves when that is done or the time is up, and never rejects.
 * Call it last when draining: what is traced afterwards is lost.
 *
 * @param deadlineMs longest wait, in milliseconds
 */
export async function shutdownTracing(deadlineMs = FLUSH_DEADLINE_MS): Promise<void> {
  await Promise.all([running?.shutdown(deadlineMs), metrics?.close()]);
  // So that a process that exits by itself has told what there was to tell; to a reader who stopped reading it cannot.
  await Promise.race([told, delay(TELLING_MS, undefined, { ref: false })]);
}

/**
 * Written without waiting, one line at a time: a reader of our log who has stopped reading must not stop us, and each write
 * to him takes one of Node's few threads for files.
 */
function log({ level, msg, ...fields }: LogLine): void {
  const time = Math.round(performance.timeOrigin + performance.now());
  if (lines.length >= MOST_LINES) return;
  lines.push(`${JSON.stringify({ level: LEVELS[level], time, name: "tracing", msg, ...fields })}\n`);
  told ??= new Promise(writeLines);
}

function writeLines(done: () => void): void {
  const [line] = lines;
  if (line === undefined) {
    told = undefined;
    done();
    return;
  }
  write(STDERR, line, () => {
    lines.shift();
    writeLines(done);
  });
}

async function start(): Promise<void> {
  const complain = (msg: string) => log({ level: "warn", msg });
  const tracing = tracingConfig(processEnvironment(), complain);
  if (tracing !== undefined) {
    const { startTracing } = await import("./sdk.ts");
    try {
      running = await startTracing(tracing, log);
      process.once("beforeExit", () => void shutdownTracing());
    } catch (error) {
      // Whoever set a variable wrong must see it, and the service must serve.
      log({ level: "error", msg: "tracing is off: it could not be started", reason: String(error) });
    }
  }
  const asked = metricsConfig(processEnvironment(), complain);
  if (asked === undefined) return;
  const { startMetrics } = await import("./metrics.ts");
  try {
    metrics = await startMetrics(asked);
  } catch (error) {
    log({
      level: "error",
      msg: "metrics are off: the port could not be opened",
      ...asked,
      reason: String(error),
    });
  }
}

// --import runs in every worker thread too; one SDK a process is enough.
if (isMainThread) await start();
