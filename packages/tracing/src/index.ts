export { SpanKind } from "@opentelemetry/api";
export {
  type ClientCall,
  type ClientSpan,
  clientSpan,
  type RedisSpanOptions,
  redisSpan,
  type SqlSpanOptions,
  sqlFailed,
  sqlSpan,
} from "./client-spans.ts";
export { isRefusal, REFUSAL } from "./failure.ts";
export { captureLink, withLinkedSpan } from "./links.ts";
export {
  type CounterInstrument,
  type HistogramOptions,
  type Instruments,
  type Labels,
  meter,
  type Reading,
  type RecordingInstrument,
} from "./meter.ts";
export { outgoingHeaders } from "./outgoing.ts";
export { activeTraceId, currentRequest, type RequestContext, runWithRequest } from "./request-context.ts";
export {
  acceptRequestId,
  newRequestId,
  REQUEST_ID_ATTRIBUTE,
  REQUEST_ID_HEADER,
  requestIds,
  TRACEPARENT_HEADER,
  TRACESTATE_HEADER,
} from "./request-id.ts";
export { trace } from "./trace.ts";
export type { Recording, Trace, TraceDecorator, TraceOptions } from "./trace-types.ts";
export { annotate, areSpansKept, pastSpan, type SpanOptions, withSpan } from "./with-span.ts";
