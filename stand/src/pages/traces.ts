/** The last requests of both services, each with the way to its trace. Only there while traces are sent somewhere. */
import { type FileHandle, open } from "node:fs/promises";
import { join } from "node:path";
import type { FastifyInstance } from "fastify";
import { escapeHtml, page } from "./layout.ts";
import { tracesOf, waterfallPages } from "./waterfall.ts";

export interface TraceOptions {
  /** Where the services' logs are. */
  readonly home: string;
  /** Jaeger's pages, without a slash at the end. */
  readonly jaegerUi: string;
}

interface ServedRequest {
  readonly service: string;
  readonly time: string;
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
  readonly request_id: string;
  readonly trace_id?: string;
}

const SERVICES = ["auth", "catalog"] as const;
const READ_BYTES = 128 * 1024;
const SHOWN = 60;

export function tracePages(app: FastifyInstance, { home, jaegerUi }: TraceOptions): void {
  waterfallPages(app, jaegerUi);
  app.get("/traces", async (_request, reply) => {
    const served = (
      await Promise.all(SERVICES.map((name) => lastRequests(join(home, "logs", `${name}.log`))))
    ).flat();
    served.sort((a, b) => b.time.localeCompare(a.time));
    return reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .send(page("Traces", tracesPage(served.slice(0, SHOWN), jaegerUi)));
  });
  app.get<{ Querystring: { id?: string } }>("/traces/open", async ({ query }, reply) =>
    reply.redirect(await wayTo(jaegerUi, query.id?.trim() ?? ""), 303),
  );
}

/** Jaeger searches one service at a time, so it is asked here, and one trace is gone to; of several our own page has a list. */
async function wayTo(jaegerUi: string, id: string): Promise<string> {
  const [only, ...others] = await tracesOf(jaegerUi, id).catch(() => []);
  if (only === undefined) return traceAddress(jaegerUi, id);
  return others.length === 0
    ? traceAddress(jaegerUi, only.traceID)
    : `/traces/show?${new URLSearchParams({ id })}`;
}

/** By trace id straight to the trace; by request id to a search, since one request may have caused several traces. */
export function traceAddress(jaegerUi: string, id: string): string {
  if (/^[0-9a-f]{32}$/.test(id)) return `${jaegerUi}/trace/${id}`;
  const tags = JSON.stringify({ "request.id": id });
  return `${jaegerUi}/search?${new URLSearchParams({ service: "kinopass-auth", lookback: "1h", tags })}`;
}

function tracesPage(served: readonly ServedRequest[], jaegerUi: string): string {
  const row = ({
    time,
    service,
    method,
    route,
    status,
    ms,
    request_id: id,
    trace_id: trace,
  }: ServedRequest) =>
    `<tr><td>${escapeHtml(time.slice(11, 19))}</td><td>${escapeHtml(service)}</td><td>${escapeHtml(`${method} ${route}`)}</td><td>${status}</td><td>${ms} ms</td><td><a href="/traces/show?${new URLSearchParams({ id: trace ?? id })}">where the time went</a></td><td><a href="${escapeHtml(traceAddress(jaegerUi, trace ?? id))}">open in Jaeger</a></td></tr>`;
  return `<h1>Where the time went</h1>
<p>Any answer's <code>x-request-id</code>, or the <code>trace_id</code> of an error, leads to its trace.</p>
<form action="/traces/show"><input name="id" size="40" aria-label="x-request-id or trace_id" required> <button>Show</button> <button formaction="/traces/open">Open in Jaeger</button></form>
<h2>The last requests</h2>
<table>${served.map(row).join("") || "<tr><td>None yet.</td></tr>"}</table>`;
}

/** The end of a log is enough, and its first line may be half. */
async function lastRequests(file: string): Promise<ServedRequest[]> {
  let handle: FileHandle | undefined;
  try {
    handle = await open(file);
    const { size } = await handle.stat();
    const from = Math.max(0, size - READ_BYTES);
    const { buffer, bytesRead } = await handle.read(Buffer.alloc(READ_BYTES), 0, READ_BYTES, from);
    return buffer.toString("utf8", 0, bytesRead).split("\n").flatMap(asRequest);
  } catch {
    // Not started yet: there is nothing to show.
    return [];
  } finally {
    await handle?.close();
  }
}

function asRequest(line: string): ServedRequest[] {
  try {
    const parsed = JSON.parse(line) as ServedRequest & { msg?: string };
    return parsed.msg === "request" && typeof parsed.time === "string" ? [parsed] : [];
  } catch {
    return [];
  }
}
