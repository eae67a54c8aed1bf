import { type ChildProcess, spawn } from "node:child_process";
import { createWriteStream, mkdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export interface Service {
  readonly name: string;
  readonly url: string;
  readonly pid: number;
  /** From the start of the process to its first "ready". */
  readonly readyMs: number;
  /** Resolves when the process ended, whoever ended it. */
  readonly ended: Promise<void>;
  stop(): Promise<void>;
}

export interface ServiceOptions {
  readonly name: string;
  /** The package whose dist/main.js is run. */
  readonly entry: string;
  readonly url: string;
  readonly env: Readonly<Record<string, string>>;
  readonly home: string;
  /** Goes on writing the log of the process that died. */
  readonly again?: boolean;
  /** Once aborted, a service that is still coming up is ended instead. */
  readonly unwanted?: AbortSignal;
}

const READY_MS = 30_000;
const STOP_MS = 12_000;

/**
 * As in deploy/Dockerfile. A young generation of 4 MiB instead of Node's 32: what a request makes is dead before the next
 * scavenge, so more room only stays resident; throughput is the same.
 */
const NODE_FLAGS = ["--enable-source-maps", "--max-semi-space-size=4"];

/** Starts a service as production would: a process of its own, configured by its environment alone. */
export async function startService(options: ServiceOptions): Promise<Service> {
  const { name, url, home } = options;
  options.unwanted?.throwIfAborted();
  mkdirSync(join(home, "logs"), { recursive: true });
  const logFile = join(home, "logs", `${name}.log`);
  const log = createWriteStream(logFile, { flags: options.again === true ? "a" : "w", mode: 0o600 });
  const register = fileURLToPath(import.meta.resolve("@kinopass/tracing/register"));
  // Its own process group: Ctrl-C reaches the stand alone, which then drains the services in order.
  const child = spawn(process.execPath, [...NODE_FLAGS, "--import", register, options.entry], {
    env: {
      PATH: process.env["PATH"],
      HOME: process.env["HOME"],
      NODE_OPTIONS: process.env["NODE_OPTIONS"],
      // Several instances on one machine cannot share the usual ports; who wants metrics says where.
      AUTH_METRICS_PORT: "0",
      CATALOG_METRICS_PORT: "0",
      ...options.env,
    },
    stdio: ["ignore", "pipe", "pipe"],
    detached: true,
  });
  child.stdout.pipe(log);
  child.stderr.pipe(log);
  const began = performance.now();
  const ended = new Promise<void>((done) => child.once("exit", () => done()).once("error", () => done()));
  try {
    await untilReady(child, options);
  } catch {
    await end(child, ended);
    throw new Error(
      `${name} did not start. The end of ${logFile}:\n${readFileSync(logFile, "utf8").slice(-2_000)}`,
    );
  }
  return {
    name,
    url,
    pid: child.pid ?? 0,
    readyMs: performance.now() - began,
    ended,
    stop: () => end(child, ended),
  };
}

async function untilReady(child: ChildProcess, { url, unwanted }: ServiceOptions): Promise<void> {
  const deadline = performance.now() + READY_MS;
  while (performance.now() < deadline && child.exitCode === null && unwanted?.aborted !== true) {
    try {
      const answer = await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(1_000) });
      await answer.body?.cancel();
      if (answer.ok) return;
    } catch {
      // Not listening yet.
    }
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error("not ready");
}

async function end(child: ChildProcess, ended: Promise<void>): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  child.kill("SIGTERM");
  const patience = setTimeout(() => child.kill("SIGKILL"), STOP_MS);
  await ended;
  clearTimeout(patience);
}
