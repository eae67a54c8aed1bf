import { AsyncLocalStorage } from "node:async_hooks";
import { type Context, context, createContextKey, INVALID_TRACEID, trace } from "@opentelemetry/api";
import { light } from "./light-context.ts";
import { activeContext, activeTracer, ownContexts } from "./tracer.ts";

/** What belongs to the request that is being served, for whoever writes a log line, an audit row or a call out. */
export interface RequestContext {
  /** The x-request-id: charset [A-Za-z0-9._-], 1 to 64 characters. */
  readonly requestId: string;
  /** 32 hexadecimal digits; absent while tracing is off. */
  readonly traceId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();
const KEY = createContextKey("kinopass.tracing.request");

/**
 * Runs `fn`, and everything it awaits or schedules, as part of the given request. In both stores: a job that outlasts our own
 * set-up, at the process's end, keeps its request.
 */
export function runWithRequest<Result>(request: RequestContext, fn: () => Result): Result {
  return storage.run(request, () => {
    const contexts = ownContexts();
    return contexts === undefined ? fn() : contexts.with(light(contexts.active()).setValue(KEY, request), fn);
  });
}

/**
 * The same together with an OpenTelemetry context. Our own set-up's contexts carry the request: every store that is entered
 * or asked costs each request some, and this way there is one. Somebody else's may go nowhere, if he has no context manager.
 */
export function runWithRequestIn<Result>(request: RequestContext, within: Context, fn: () => Result): Result {
  const contexts = ownContexts();
  if (contexts !== undefined) return contexts.with(within.setValue(KEY, request), fn);
  return storage.run(request, () => context.with(within, fn));
}

/** The request being served here; undefined outside any (start-up, background work without a cause). */
export function currentRequest(): RequestContext | undefined {
  const contexts = ownContexts();
  if (contexts === undefined) return storage.getStore();
  return contexts.active().getValue(KEY) as RequestContext | undefined;
}

/** The trace id to show a person or write beside an error: of the active span, else of the request. */
export function activeTraceId(): string | undefined {
  if (activeTracer() === undefined) return storage.getStore()?.traceId;
  const active = trace.getSpan(activeContext())?.spanContext().traceId;
  if (active !== undefined && active !== INVALID_TRACEID) return active;
  return currentRequest()?.traceId;
}
