import { defaultTextMapSetter, propagation } from "@opentelemetry/api";
import { currentRequest } from "./request-context.ts";
import { REQUEST_ID_HEADER } from "./request-id.ts";
import { activeContext, activeTracer } from "./tracer.ts";

/**
 * The headers a call to another service of ours carries: x-request-id of the request being served, and traceparent (with
 * tracestate where there is one) of the active span. Both are left out where there is nothing to say. Not for third
 * parties: a sign-in provider is told neither (see `clientSpan`, which hands these over only when asked).
 */
export function outgoingHeaders(): Record<string, string> {
  const headers: Record<string, string> = {};
  const request = currentRequest();
  if (request !== undefined) headers[REQUEST_ID_HEADER] = request.requestId;
  if (activeTracer() !== undefined) propagation.inject(activeContext(), headers, defaultTextMapSetter);
  return headers;
}
