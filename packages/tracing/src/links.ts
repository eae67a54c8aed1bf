import {
  context,
  isSpanContextValid,
  type Link,
  type Span,
  type SpanContext,
  SpanKind,
  trace,
} from "@opentelemetry/api";
import { light } from "./light-context.ts";
import { currentRequest, runWithRequest } from "./request-context.ts";
import { acceptRequestId, REQUEST_ID_ATTRIBUTE } from "./request-id.ts";
import { runTraced } from "./traced-call.ts";
import { activeTracer } from "./tracer.ts";

const TRACEPARENT = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;

/**
 * What causes background work, as a short text (≤ 120 characters of ASCII) to store with the job: the active span as a
 * traceparent and the request id, parted by `;`. Undefined where there is neither.
 */
export function captureLink(): string | undefined {
  const span = trace.getActiveSpan()?.spanContext();
  const parent =
    span !== undefined && isSpanContextValid(span)
      ? `00-${span.traceId}-${span.spanId}-${span.traceFlags.toString(16).padStart(2, "0")}`
      : "";
  const requestId = currentRequest()?.requestId ?? "";
  return parent === "" && requestId === "" ? undefined : `${parent};${requestId}`;
}

/**
 * Runs background work in a trace of its own, linked to what caused it, and under the request id of the cause so that its
 * log lines are found by the same id. A link that is missing or garbled is no link; the work runs all the same.
 */
export function withLinkedSpan<Result>(
  name: string,
  link: string | null | undefined,
  fn: (span: Span) => Result,
): Result {
  const [parent = "", offered = ""] = (link ?? "").split(";");
  const requestId = acceptRequestId(offered, () => "");
  const run = () => runLinked(name, parseTraceparent(parent), requestId, fn);
  return requestId === "" ? run() : runWithRequest({ requestId }, run);
}

function runLinked<Result>(
  name: string,
  cause: SpanContext | undefined,
  requestId: string,
  fn: (span: Span) => Result,
): Result {
  const tracer = activeTracer();
  if (tracer === undefined) return fn(trace.wrapSpanContext({ traceId: "", spanId: "", traceFlags: 0 }));
  const links: Link[] = cause === undefined ? [] : [{ context: cause }];
  const attributes = requestId === "" ? {} : { [REQUEST_ID_ATTRIBUTE]: requestId };
  const parent = trace.deleteSpan(light(context.active()));
  return runTraced(tracer, parent, () => ({ name, kind: SpanKind.INTERNAL, attributes, links }), fn);
}

function parseTraceparent(text: string): SpanContext | undefined {
  const [, traceId = "", spanId = "", flags = ""] = TRACEPARENT.exec(text) ?? [];
  const found = { traceId, spanId, traceFlags: Number.parseInt(flags, 16), isRemote: true };
  return isSpanContextValid(found) ? found : undefined;
}
