/** Where a test sends traces and reads them back: a real Jaeger, or, where there is none, what came over the wire. */
import type { TestContext } from "node:test";
import {
  findOrBuildJaeger,
  type JaegerTrace,
  type RunningJaeger,
  startJaeger,
} from "@kinopass/tracing/testing/jaeger";
import { type DecodedSpan, startOtlpReceiver } from "@kinopass/tracing/testing/otlp-receiver";
import { renderTrace } from "@kinopass/tracing/testing/trace-tree";

export interface StoredSpan {
  readonly service: string;
  readonly name: string;
  readonly id: string;
  /** Undefined on a root, and where the parent is somebody who is not traced. */
  readonly parent: string | undefined;
  readonly links: readonly string[];
  readonly attributes: Readonly<Record<string, unknown>>;
}

export interface StoredTrace {
  readonly traceId: string;
  readonly spans: readonly StoredSpan[];
  readonly drawing: string;
}

export interface TraceStore {
  /** For OTEL_EXPORTER_OTLP_ENDPOINT. */
  readonly endpoint: string;
  /** Traces with a span of that service and that request id, looked for until `enough` of them are there. */
  byRequestId(
    service: string,
    requestId: string,
    enough: (traces: readonly StoredTrace[]) => boolean,
  ): Promise<readonly StoredTrace[]>;
}

const DEADLINE_MS = 30_000;

export async function openTraceStore(t: TestContext): Promise<TraceStore> {
  const binary = await findOrBuildJaeger();
  if (binary.kind === "missing") {
    t.diagnostic(`${binary.missing}; the exported protobuf is checked instead`);
    return await receiverStore(t);
  }
  const jaeger = await startJaeger(binary.path);
  t.after(() => jaeger.stop());
  return {
    endpoint: jaeger.httpEndpoint,
    byRequestId: (service, requestId, enough) => until(() => searched(jaeger, service, requestId), enough),
  };
}

/** What Jaeger has at the moment; it rejects where that is nothing. */
async function searched(jaeger: RunningJaeger, service: string, requestId: string) {
  const found = await jaeger.search(service, { "request.id": requestId }, 0).catch(() => []);
  return found.map(storedOfJaeger);
}

async function receiverStore(t: TestContext): Promise<TraceStore> {
  const receiver = await startOtlpReceiver();
  t.after(() => receiver.close());
  return {
    endpoint: receiver.url,
    byRequestId: (service, requestId, enough) =>
      until(async () => {
        const all = Map.groupBy(receiver.spans, ({ traceId }) => traceId);
        return [...all.values()]
          .map(storedOfWire)
          .filter(({ spans }) =>
            spans.some((span) => span.service === service && span.attributes["request.id"] === requestId),
          );
      }, enough),
  };
}

async function until(
  read: () => Promise<readonly StoredTrace[]>,
  enough: (traces: readonly StoredTrace[]) => boolean,
): Promise<readonly StoredTrace[]> {
  const deadline = performance.now() + DEADLINE_MS;
  for (;;) {
    const found = await read();
    if (enough(found)) return found;
    if (performance.now() > deadline)
      throw new Error(
        `not enough after ${DEADLINE_MS} ms:\n${found.map(({ drawing }) => drawing).join("\n\n")}`,
      );
    await new Promise((next) => setTimeout(next, 100));
  }
}

function storedOfJaeger(trace: JaegerTrace): StoredTrace {
  const ids = new Set(trace.spans.map(({ spanID }) => spanID));
  const spans = trace.spans.map(({ spanID, operationName, references, tags, processID }) => ({
    service: trace.processes[processID]?.serviceName ?? "?",
    name: operationName,
    id: spanID,
    parent: references.find(
      ({ refType, traceID, spanID: of }) =>
        refType === "CHILD_OF" && traceID === trace.traceID && ids.has(of),
    )?.spanID,
    links: references.filter(({ traceID }) => traceID !== trace.traceID).map(({ traceID }) => traceID),
    attributes: Object.fromEntries(tags.map(({ key, value }) => [key, value])),
  }));
  return { traceId: trace.traceID, spans, drawing: renderTrace(trace) };
}

function storedOfWire(spans: readonly DecodedSpan[]): StoredTrace {
  const ids = new Set(spans.map(({ spanId }) => spanId));
  const stored = spans.map(({ name, spanId, parentSpanId, links, attributes, resource }) => ({
    service: String(resource["service.name"]),
    name,
    id: spanId,
    parent: ids.has(parentSpanId) ? parentSpanId : undefined,
    links: links.map(({ traceId }) => traceId),
    attributes,
  }));
  const drawing = stored
    .map(({ service, name, parent }) => `${service}  ${name}  under ${parent}`)
    .join("\n");
  return { traceId: spans[0]?.traceId ?? "", spans: stored, drawing };
}
