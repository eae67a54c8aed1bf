import { types } from "node:util";
import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  type SpanKind,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { isRefusal, recordFailure } from "./failure.ts";
import { type LateRecorder, lateRecorder } from "./late-span.ts";
import { type Iteration, type IterationSpan, isIteration, traceIteration } from "./traced-iteration.ts";

/** What a traced call keeps on its author's word; by itself it keeps no argument and no result. */
export interface Pickers {
  readonly arguments?: ((...args: never[]) => Attributes | undefined) | undefined;
  readonly result?: ((result: never) => Attributes | undefined) | undefined;
  readonly error?: ((error: unknown) => Attributes | undefined) | undefined;
  readonly errorMessage?: boolean | undefined;
}

/** One call to be traced. */
export interface TracedCall {
  readonly name: string;
  readonly kind: SpanKind;
  readonly attributes?: Attributes | undefined;
  readonly record?: Pickers | undefined;
  readonly links?: Link[];
  /** The context the span is a child in. */
  readonly parent: Context;
  /** Looked at only where `record.arguments` asks for them. */
  readonly args?: readonly unknown[];
}

/**
 * Runs `work` in a span of its own. The span ends when a plain result is returned, when a promise settles, or when an
 * iteration is over. A promise is handed on as one that settles the same way right after the span has ended: looking at
 * the original from the side would mark its rejection as handled, and whoever forgets to await would never hear of it.
 * Thenables that are not promises are plain results: calling their `then` may start them (lazy query builders do), and
 * that is the caller's to do.
 */
export function runTraced<Result>(tracer: Tracer, call: TracedCall, work: (span: Span) => Result): Result {
  const above = trace.getSpan(call.parent);
  if (above !== undefined && isSampledOutHere(above)) return runSampledOut(call, above, work);
  const span = startSpan(tracer, call);
  const within = trace.setSpan(call.parent, span);
  let result: Result;
  try {
    result = context.with(within, work, undefined, span);
  } catch (error) {
    fail(span, call, error);
    throw error;
  }
  if (types.isPromise(result)) {
    return result.then(
      (value) => {
        succeed(span, call, value);
        return value;
      },
      (error: unknown) => {
        fail(span, call, error);
        throw error;
      },
    ) as Result;
  }
  if (isIteration(result)) return traceIteration(result, () => iterationSpan(span, call)) as Result;
  succeed(span, call, result);
  return result;
}

/** For generator functions: calling one runs nothing, so the span waits for the first step. */
export function runTracedGenerator(tracer: Tracer, call: TracedCall, make: () => Iteration): Iteration {
  const above = trace.getSpan(call.parent);
  if (above !== undefined && isSampledOutHere(above)) return make();
  return traceIteration(make(), () => iterationSpan(startSpan(tracer, call), call));
}

function startSpan(tracer: Tracer, call: TracedCall): Span {
  const { name, kind, attributes = {}, links = [], record, args = [] } = call;
  const span = tracer.startSpan(name, { kind, attributes, links }, call.parent);
  if (record?.arguments !== undefined) note(span, record.arguments as Picker, args);
  return span;
}

function iterationSpan(span: Span, call: TracedCall): IterationSpan {
  return {
    within: trace.setSpan(call.parent, span),
    ended: () => span.end(),
    failed: (error) => fail(span, call, error),
  };
}

function succeed(span: Span, call: TracedCall, value: unknown): void {
  if (call.record?.result !== undefined) note(span, call.record.result as Picker, [value]);
  span.end();
}

function fail(span: Span, call: TracedCall, error: unknown): void {
  if (call.record?.error !== undefined) note(span, call.record.error, [error]);
  recordFailure(span, error, call.record?.errorMessage);
  span.end();
}

type Picker = (...values: unknown[]) => Attributes | undefined;

/** A picker that throws costs its attributes, never the call. */
function note(span: Span, picker: Picker, values: readonly unknown[]): void {
  try {
    const attributes = picker(...values);
    if (attributes !== undefined) span.setAttributes(attributes);
  } catch {
    span.setAttribute("trace.record_failed", true);
  }
}

/** The trace was sampled out in this process, so no span below can be wanted, unless it fails. */
export function isSampledOutHere(span: Span): boolean {
  const { traceFlags, isRemote } = span.spanContext();
  return (traceFlags & TraceFlags.SAMPLED) === 0 && isRemote !== true && !span.isRecording();
}

/** No span is made: failures alone are told afterwards, as children of the span that was sampled out. */
function runSampledOut<Result>(call: TracedCall, above: Span, work: (span: Span) => Result): Result {
  const record = lateRecorder();
  if (record === undefined || !trace.isSpanContextValid(above.spanContext())) return work(above);
  const startedAt = performance.now();
  let result: Result;
  try {
    result = work(above);
  } catch (error) {
    tellLate(record, call, startedAt, error);
    throw error;
  }
  if (!types.isPromise(result)) return result;
  return result.then(undefined, (error: unknown) => {
    tellLate(record, call, startedAt, error);
    throw error;
  }) as Result;
}

function tellLate(record: LateRecorder, call: TracedCall, startedAt: number, error: unknown): void {
  if (isRefusal(error)) return;
  const { name, kind, attributes = {}, parent } = call;
  record({ name, kind, attributes, parent, startedAt, describe: (span) => recordFailure(span, error) });
}
