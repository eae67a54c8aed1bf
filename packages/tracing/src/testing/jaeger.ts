import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as delay } from "node:timers/promises";

export { findJaeger, findOrBuildJaeger, type JaegerBinary } from "./jaeger-binary.ts";

/** A span as Jaeger's query API tells it. */
export interface JaegerSpan {
  readonly traceID: string;
  readonly spanID: string;
  readonly operationName: string;
  readonly references: readonly {
    readonly refType: string;
    readonly traceID: string;
    readonly spanID: string;
  }[];
  /** In microseconds since 1970. */
  readonly startTime: number;
  /** In microseconds. */
  readonly duration: number;
  readonly tags: readonly { readonly key: string; readonly value: unknown }[];
  readonly processID: string;
}

export interface JaegerTrace {
  readonly traceID: string;
  readonly spans: readonly JaegerSpan[];
  readonly processes: Readonly<Record<string, { readonly serviceName: string }>>;
}

export interface RunningJaeger {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with http/protobuf. */
  readonly httpEndpoint: string;
  /** For OTEL_EXPORTER_OTLP_ENDPOINT with grpc. */
  readonly grpcEndpoint: string;
  /** The UI and the query API. */
  readonly ui: string;
  /** Asks until `enough` says yes; rejects after `deadlineMs` with what was there. */
  trace(traceId: string, enough: (trace: JaegerTrace) => boolean, deadlineMs?: number): Promise<JaegerTrace>;
  /** Traces of a service that have a span with these tags, asked for until there is one. */
  search(service: string, tags: Record<string, string>, deadlineMs?: number): Promise<readonly JaegerTrace[]>;
  stop(): Promise<void>;
}

const START_DEADLINE_MS = 30_000;
const ANSWER_DEADLINE_MS = 5_000;

/**
 * Starts Jaeger v2 with storage in memory on free loopback ports.
 *
 * @throws Error with Jaeger's last words when it does not come up
 */
export async function startJaeger(path: string): Promise<RunningJaeger> {
  const [http, grpc, query, queryGrpc] = await freePorts(4);
  const folder = await mkdtemp(join(tmpdir(), "kinopass-jaeger-"));
  const config = join(folder, "config.yaml");
  await writeFile(config, configuration({ http, grpc, query, queryGrpc }));
  const child = spawn(path, ["--config", `file:${config}`], { stdio: ["ignore", "ignore", "pipe"] });
  const words: string[] = [];
  child.stderr.on("data", (chunk: Buffer) => {
    words.push(chunk.toString());
    if (words.length > 50) words.shift();
  });
  const ui = `http://127.0.0.1:${query}`;
  const stop = async () => {
    await end(child);
    await rm(folder, { recursive: true, force: true });
  };
  try {
    await Promise.all([answers(child, `${ui}/api/services`), answers(child, `http://127.0.0.1:${http}/`)]);
  } catch (error) {
    await stop();
    throw new Error(`Jaeger did not come up: ${String(error)}\n${words.join("").slice(-4_000)}`);
  }
  return {
    httpEndpoint: `http://127.0.0.1:${http}`,
    grpcEndpoint: `http://127.0.0.1:${grpc}`,
    ui,
    async trace(traceId, enough, deadlineMs = 15_000) {
      const [found] = await ask(
        `${ui}/api/traces/${traceId}`,
        ([trace]) => trace !== undefined && enough(trace),
        deadlineMs,
      );
      if (found === undefined) throw new Error(`no trace ${traceId}`);
      return found;
    },
    search(service, tags, deadlineMs = 15_000) {
      const query = new URLSearchParams({ service, tags: JSON.stringify(tags), limit: "20", lookback: "1h" });
      return ask(`${ui}/api/traces?${query}`, (traces) => traces.length > 0, deadlineMs);
    },
    stop,
  };
}

/** Looks at the query API every 50 ms until what it says is enough. */
async function ask(url: string, enough: (traces: readonly JaegerTrace[]) => boolean, deadlineMs: number) {
  const deadline = performance.now() + deadlineMs;
  for (;;) {
    const answer = await fetch(url, { signal: AbortSignal.timeout(ANSWER_DEADLINE_MS) });
    const { data } = (await answer.json()) as { data?: readonly JaegerTrace[] | null };
    const traces = data ?? [];
    if (enough(traces)) return traces;
    if (performance.now() > deadline) {
      const names = traces.flatMap((trace) => trace.spans.map((span) => span.operationName));
      throw new Error(
        `Jaeger has no such trace after ${deadlineMs} ms; it has: ${names.join(", ") || "nothing"}`,
      );
    }
    await delay(50);
  }
}

async function answers(child: ChildProcess, url: string): Promise<void> {
  const deadline = performance.now() + START_DEADLINE_MS;
  while (performance.now() < deadline) {
    if (child.exitCode !== null) throw new Error(`it ended with ${child.exitCode}`);
    const answer = await fetch(url, { signal: AbortSignal.timeout(1_000) }).catch(() => undefined);
    await answer?.body?.cancel();
    if (answer !== undefined) return;
    await delay(100);
  }
  throw new Error(`${url} did not answer in ${START_DEADLINE_MS} ms`);
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, "exit");
  child.kill("SIGTERM");
  const killer = setTimeout(() => child.kill("SIGKILL"), 5_000);
  await ended;
  clearTimeout(killer);
}

/** Ports that were free a moment ago: Jaeger cannot be asked for any free one and tell which it took. */
async function freePorts(count: number): Promise<number[]> {
  const servers = Array.from({ length: count }, () => createServer().listen(0, "127.0.0.1"));
  await Promise.all(servers.map((server) => once(server, "listening")));
  const ports = servers.map((server) => {
    const address = server.address();
    return typeof address === "object" && address !== null ? address.port : 0;
  });
  await Promise.all(servers.map((server) => new Promise((closed) => server.close(closed))));
  return ports;
}

type Ports = Readonly<Record<"http" | "grpc" | "query" | "queryGrpc", number | undefined>>;

function configuration({ http, grpc, query, queryGrpc }: Ports): string {
  const at = (port: number | undefined) => ({ endpoint: `127.0.0.1:${port}` });
  // JSON is YAML.
  return JSON.stringify({
    service: {
      extensions: ["jaeger_storage", "jaeger_query"],
      pipelines: { traces: { receivers: ["otlp"], processors: [], exporters: ["jaeger_storage_exporter"] } },
      telemetry: { metrics: { level: "none" }, logs: { level: "warn" } },
    },
    extensions: {
      jaeger_storage: { backends: { memory: { memory: { max_traces: 10_000 } } } },
      jaeger_query: { storage: { traces: "memory" }, http: at(query), grpc: at(queryGrpc) },
    },
    receivers: { otlp: { protocols: { http: at(http), grpc: at(grpc) } } },
    exporters: { jaeger_storage_exporter: { trace_storage: "memory" } },
  });
}
