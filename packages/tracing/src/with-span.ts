import { type Attributes, INVALID_SPAN_CONTEXT, type Span, SpanKind, trace } from "@opentelemetry/api";
import { isSampledOutHere, type Pickers, runTraced, unheard } from "./traced-call.ts";
import { activeContext, activeTracer } from "./tracer.ts";

export interface SpanOptions {
  /** INTERNAL unless told otherwise. */
  readonly kind?: SpanKind;
  readonly attributes?: Attributes;
  /** Keep what these pick of the result or the error. */
  readonly record?: Pickers;
}

const NO_SPAN = trace.wrapSpanContext(INVALID_SPAN_CONTEXT);

/** Runs `fn` in a span; while tracing is off `fn` gets a span that keeps nothing. Throws and rejects as `fn` does. */
export function withSpan<Result>(name: string, options: SpanOptions, fn: (span: Span) => Result): Result {
  const tracer = activeTracer();
  if (tracer === undefined) return fn(NO_SPAN);
  const parent = activeContext();
  const kind = options.kind ?? SpanKind.INTERNAL;
  const above = unheard(parent, kind);
  if (above !== undefined) return fn(above);
  return runTraced(tracer, parent, () => ({ ...options, name, kind }), fn);
}

/**
 * Whether a span that is begun here would be kept however it ends. Not while tracing is off, nor in a trace that was sampled
 * out: there only calls out of the process are heard of, when they fail.
 */
export function areSpansKept(): boolean {
  if (activeTracer() === undefined) return false;
  const above = trace.getSpan(activeContext());
  return above === undefined || !isSampledOutHere(above);
}

/** Writes down below the active span what has happened already; both times are readings of performance.now(). */
export function pastSpan(name: string, { began, ended }: Readonly<Record<"began" | "ended", number>>): void {
  if (areSpansKept()) activeTracer()?.startSpan(name, { startTime: began }).end(ended);
}

/** Adds attributes to the active span. Ids and words from fixed lists only: never a password, token, code or e-mail. */
export function annotate(attributes: Attributes): void {
  if (activeTracer() === undefined) return;
  trace.getSpan(activeContext())?.setAttributes(attributes);
}
