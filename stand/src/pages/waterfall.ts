/** A request's traces as pictures, for a Jaeger without pages or a person without Jaeger's address at hand. */
import type { JaegerTrace } from "@kinopass/tracing/testing/jaeger";
import { drawTrace } from "@kinopass/tracing/testing/trace-waterfall";
import type { FastifyInstance } from "fastify";
import { escapeHtml, page } from "./layout.ts";

const SERVICES = ["kinopass-auth", "kinopass-catalog"] as const;
const DEADLINE_MS = 3_000;
/** One request causes few traces: its own, and those of letters and jobs. */
const MOST_TRACES = 8;

export function waterfallPages(app: FastifyInstance, jaegerUi: string): void {
  app.get<{ Querystring: { id?: string } }>("/traces/show", async ({ query }, reply) => {
    const id = query.id?.trim() ?? "";
    return reply
      .type("text/html; charset=utf-8")
      .header("cache-control", "no-store")
      .send(page("Trace", await shown(jaegerUi, id)));
  });
  // The picture alone, to be kept: `curl -s …/traces/TRACE_ID.svg > trace.svg`.
  app.get<{ Params: { file: string } }>("/traces/:file", async ({ params }, reply) => {
    const [, traceId] = /^([0-9a-f]{32})\.svg$/.exec(params.file) ?? [];
    const [trace] = traceId === undefined ? [] : await tracesOf(jaegerUi, traceId).catch(() => []);
    if (trace === undefined) return reply.code(404).send();
    return reply.type("image/svg+xml").header("cache-control", "no-store").send(drawTrace(trace));
  });
}

async function shown(jaegerUi: string, id: string): Promise<string> {
  const title = `<h1>Trace of <code>${escapeHtml(id)}</code></h1>`;
  let traces: readonly JaegerTrace[];
  try {
    traces = await tracesOf(jaegerUi, id);
  } catch (error) {
    return `${title}<p>Jaeger does not answer at ${escapeHtml(jaegerUi)} (${escapeHtml(String(error))}). <code>JAEGER_UI</code> says where it is.</p>`;
  }
  if (traces.length === 0)
    return `${title}<p>Jaeger has nothing under this id. Spans are sent every five seconds, so look again; a request that was sampled out and went well is never there.</p>`;
  const drawn = traces.map(
    (trace) =>
      `<figure>${drawTrace(trace)}<figcaption><a href="${escapeHtml(`${jaegerUi}/trace/${encodeURIComponent(trace.traceID)}`)}">open in Jaeger</a></figcaption></figure>`,
  );
  return title + drawn.join("");
}

/** By trace id, or whatever either service did under a request id, which may look like the other; earliest first. */
export async function tracesOf(jaegerUi: string, id: string): Promise<readonly JaegerTrace[]> {
  const named = /^[0-9a-f]{32}$/.test(id) ? await ask(`${jaegerUi}/api/traces/${id}`) : [];
  if (named.length > 0) return named;
  const tags = JSON.stringify({ "request.id": id });
  const found = await Promise.all(
    SERVICES.map((service) =>
      ask(`${jaegerUi}/api/traces?${new URLSearchParams({ service, tags, lookback: "1h", limit: "20" })}`),
    ),
  );
  const begin = ({ spans }: JaegerTrace) => Math.min(...spans.map(({ startTime }) => startTime));
  const byId = new Map(found.flat().map((trace) => [trace.traceID, trace]));
  return [...byId.values()].sort((a, b) => begin(a) - begin(b)).slice(0, MOST_TRACES);
}

async function ask(url: string): Promise<readonly JaegerTrace[]> {
  const answer = await fetch(url, { signal: AbortSignal.timeout(DEADLINE_MS) });
  // Jaeger answers 404 for a trace it does not have.
  if (answer.status === 404) return [];
  if (!answer.ok) throw new Error(`status ${answer.status}`);
  const { data } = (await answer.json()) as { data?: readonly JaegerTrace[] | null };
  return data ?? [];
}
