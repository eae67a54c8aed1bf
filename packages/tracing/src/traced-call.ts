import { types } from "node:util";
import {
  type Attributes,
  type Context,
  context,
  type Link,
  type Span,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { isRefusal, recordFailure } from "./failure.ts";
import { type LateRecorder, type LateSpan, lateRecorder } from "./late-span.ts";
import { light } from "./light-context.ts";
import { SampledOutSpan } from "./sampled-out-span.ts";
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
  /** Looked at only where `record.arguments` asks for them. */
  readonly args?: readonly unknown[];
}

/**
 * Runs `work` in a span of its own, a child in the context `parent`; `describe` is asked only where there is something to
 * say. The span ends when a plain result is returned, when a promise settles, or when an iteration is over. A promise is
 * handed on as one that settles the same way right after the span has ended: looking at the original from the side would
 * mark its rejection as handled, and whoever forgets to await would never hear of it. Thenables that are not promises are
 * plain results: calling their `then` may start them (lazy query builders do), and that is the caller's to do.
 */
export function runTraced<Result>(
  tracer: Tracer,
  parent: Context,
  describe: () => TracedCall,
  work: (span: Span) => Result,
): Result {
  const above = trace.getSpan(parent);
  if (above instanceof SampledOutSpan) return runSampledOut(above, parent, describe, work);
  if (above !== undefined && isSampledOutHere(above)) return work(above);
  const call = describe();
  const span = startSpan(tracer, parent, call);
  if (span instanceof SampledOutSpan) return runSampledOutFirst(span, parent, call, work);
  let result: Result;
  try {
    result = context.with(trace.setSpan(light(parent), span), work, undefined, span);
  } catch (error) {
    fail(span, call, error);
    throw error;
  }
  if (isPromise(result)) {
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
  if (isIteration(result)) return traceIteration(result, () => iterationSpan(span, parent, call)) as Result;
  succeed(span, call, result);
  return result;
}

/** For generator functions: calling one runs nothing, so the span waits for the first step. */
export function runTracedGenerator(
  tracer: Tracer,
  parent: Context,
  describe: () => TracedCall,
  make: () => Iteration,
): Iteration {
  const above = trace.getSpan(parent);
  if (above !== undefined && isSampledOutHere(above)) return make();
  return traceIteration(make(), () => {
    const call = describe();
    return iterationSpan(startSpan(tracer, parent, call), parent, call);
  });
}

function startSpan(tracer: Tracer, parent: Context, call: TracedCall): Span {
  const { record, args = [] } = call;
  // What it holds beyond the API's options nobody looks at.
  const span = tracer.startSpan(call.name, call as SpanOptions, parent);
  if (record?.arguments !== undefined) note(span, record.arguments as Picker, args);
  return span;
}

function iterationSpan(span: Span, parent: Context, call: TracedCall): IterationSpan {
  const within = trace.setSpan(light(parent), span);
  if (span instanceof SampledOutSpan) {
    const given = { parent, describe: () => call, ids: span.spanContext(), startedAt: performance.now() };
    const tell = (error: unknown) => {
      const record = lateRecorder();
      if (record !== undefined) tellLate(record, given, error);
    };
    return { within, ended: () => undefined, failed: tell };
  }
  return { within, ended: () => span.end(), failed: (error) => fail(span, call, error) };
}

function succeed(span: Span, call: TracedCall, value: unknown): void {
  if (call.record?.result !== undefined) note(span, call.record.result as Picker, [value]);
  span.end();
}

function fail(span: Span, call: TracedCall, error: unknown): void {
  noteFailure(span, call, error);
  span.end();
}

function noteFailure(span: Span, { record }: TracedCall, error: unknown): void {
  if (record?.error !== undefined) note(span, record.error, [error]);
  recordFailure(span, error, record?.errorMessage);
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

/**
 * The span above where a call of this kind is neither written down nor heard of: its trace was sampled out in this process.
 * Calls out of the process are heard of there, for they are told when they fail. A step within it that fails, fails the
 * request (the job), which is told, unless somebody catches it; hearing of each step, too, costs a promise and a look at the
 * clock every time.
 */
export function unheard(parent: Context, kind: SpanKind): Span | undefined {
  const above = trace.getSpan(parent);
  if (above === undefined || !isSampledOutHere(above)) return undefined;
  return kind === SpanKind.INTERNAL || !(above instanceof SampledOutSpan) ? above : undefined;
}

/** The trace was sampled out in this process, so no span below can be wanted, unless it fails. */
export function isSampledOutHere(span: Span): boolean {
  if (span instanceof SampledOutSpan) return true;
  if (span.isRecording()) return false;
  const { traceFlags, isRemote } = span.spanContext();
  return (traceFlags & TraceFlags.SAMPLED) === 0 && isRemote !== true;
}

/**
 * A promise that settles by itself. One with a `then` of its own may be waiting for it to be called (lazy queries that are
 * promises too), and counts as a thenable.
 */
function isPromise(result: unknown): result is Promise<unknown> {
  return types.isPromise(result) && result.then === Promise.prototype.then;
}

/** The first span of its trace in this process: sampled out, with ids under which its failure is told. */
function runSampledOutFirst<Result>(
  span: Span,
  parent: Context,
  call: TracedCall,
  work: (span: Span) => Result,
): Result {
  const within = trace.setSpan(light(parent), span);
  const enter = () => context.with(within, work, undefined, span);
  const result = runSampledOut(span, parent, () => call, enter, span.spanContext());
  return isIteration(result)
    ? (traceIteration(result, () => iterationSpan(span, parent, call)) as Result)
    : result;
}

/** No span is made: failures alone are told afterwards, as children of the span that was sampled out, or under ids it has. */
function runSampledOut<Result>(
  above: Span,
  parent: Context,
  describe: () => TracedCall,
  work: (span: Span) => Result,
  ids?: LateSpan["ids"],
): Result {
  const record = lateRecorder();
  if (record === undefined) return work(above);
  const startedAt = performance.now();
  const failed = (error: unknown): never => {
    tellLate(record, { parent, describe, ids, startedAt }, error);
    throw error;
  };
  let result: Result;
  try {
    result = work(above);
  } catch (error) {
    return failed(error);
  }
  return isPromise(result) ? (result.then(undefined, failed) as Result) : result;
}

interface SampledOutCall extends Pick<LateSpan, "parent" | "ids" | "startedAt"> {
  readonly describe: () => TracedCall;
}

/** Tells of a call that has failed below a span that was sampled out here; anywhere else it is not told. */
export function tellSampledOut(call: SampledOutCall, error: unknown): void {
  const record = lateRecorder();
  if (record !== undefined && trace.getSpan(call.parent) instanceof SampledOutSpan)
    tellLate(record, call, error);
}

function tellLate(
  record: LateRecorder,
  { parent, describe, ids, startedAt }: SampledOutCall,
  error: unknown,
): void {
  if (isRefusal(error)) return;
  const call = describe();
  const { name, kind, attributes = {}, links } = call;
  const told = (span: Span) => noteFailure(span, call, error);
  record({ name, kind, attributes, links, parent, ids, startedAt, describe: told });
}
