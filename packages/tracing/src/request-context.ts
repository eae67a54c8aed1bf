import { AsyncLocalStorage } from "node:async_hooks";
import { isSpanContextValid, trace } from "@opentelemetry/api";

/** What belongs to the request that is being served, for whoever writes a log line, an audit row or a call out. */
export interface RequestContext {
  /** The x-request-id: charset [A-Za-z0-9._-], 1 to 64 characters. */
  readonly requestId: string;
  /** 32 hexadecimal digits; absent while tracing is off. */
  readonly traceId?: string;
}

const storage = new AsyncLocalStorage<RequestContext>();

/** Runs `fn`, and everything it awaits or schedules, as part of the given request. */
export function runWithRequest<Result>(request: RequestContext, fn: () => Result): Result {
  return storage.run(request, fn);
}

/** The request being served here; undefined outside any (start-up, background work without a cause). */
export function currentRequest(): RequestContext | undefined {
  return storage.getStore();
}

/** The trace id to show a person or write beside an error: of the active span, else of the request. */
export function activeTraceId(): string | undefined {
  const active = trace.getActiveSpan()?.spanContext();
  if (active !== undefined && isSpanContextValid(active)) return active.traceId;
  return storage.getStore()?.traceId;
}
