import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, createContextKey, INVALID_TRACEID, trace } from "@opentelemetry/api";
import { activeContext, activeTracer, runIn } from "./tracer.ts";

/** What belongs to the request that is being served, for whoever writes a log line, an audit row or a call out. */
export interface RequestContext {
  /** The x-request-id: charset [A-Za-z0-9._-], 1 to 64 characters. */
  readonly requestId: string;
  /** 32 hexadecimal digits; absent while tracing is off. */
  readonly traceId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();
const KEY = createContextKey("kinopass.tracing.request");

/** Runs `fn`, and everything it awaits or schedules, as part of the given request. */
export function runWithRequest<Result>(request: RequestContext, fn: () => Result): Result {
  return storage.run(request, fn);
}

/**
 * The same together with an OpenTelemetry context, which then carries the request: every store that is entered costs each
 * request about a microsecond, and this way tracing and the request share one. Only what is nearest counts, so inside a
 * `runWithRequest` it enters both.
 */
export function runWithRequestIn<Result>(request: RequestContext, within: Context, fn: () => Result): Result {
  const both = within.setValue(KEY, request);
  if (storage.getStore() === undefined) return runIn(both, fn);
  return storage.run(request, () => runIn(both, fn));
}

/** The request being served here; undefined outside any (start-up, background work without a cause). */
export function currentRequest(): RequestContext | undefined {
  const nearest = storage.getStore();
  if (nearest !== undefined || activeTracer() === undefined) return nearest;
  return activeContext().getValue(KEY) as RequestContext | undefined;
}

/** The trace id to show a person or write beside an error: of the active span, else of the request. */
export function activeTraceId(): string | undefined {
  if (activeTracer() === undefined) return storage.getStore()?.traceId;
  const active = trace.getSpan(activeContext())?.spanContext().traceId;
  if (active !== undefined && active !== INVALID_TRACEID) return active;
  return currentRequest()?.traceId;
}
