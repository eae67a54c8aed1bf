import {
  type Context,
  context,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Span,
  type SpanContext,
  SpanKind,
  type SpanOptions,
  TraceFlags,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";
import { isTracingSuppressed } from "@opentelemetry/core";
import type { Resource } from "@opentelemetry/resources";
import type { SpanLimitNumbers } from "./config.ts";
import type { LateSpan } from "./late-span.ts";
import { LIGHT_ROOT, light } from "./light-context.ts";
import { newId } from "./new-id.ts";
import { RecordedSpan, type SpanGround } from "./recorded-span.ts";
import { SampledOutSpan } from "./sampled-out-span.ts";

/** Whether a new span is kept: asked with its parent, if it has one, and the id of its trace. */
export type Sample = (parent: SpanContext | undefined, traceId: string) => boolean;

/** Takes the spans that have ended; as much of the SDK's SpanProcessor as is used here. */
export interface EndedSpans {
  onEnd(span: RecordedSpan): void;
  forceFlush(): Promise<void>;
  shutdown(): Promise<void>;
}

export interface ProviderOptions {
  readonly resource: Resource;
  readonly sample: Sample;
  readonly limits: SpanLimitNumbers;
  readonly processors: readonly EndedSpans[];
}

/**
 * Makes spans for the API's callers, ours and any instrumentation's. It stands where the SDK's provider would, with the
 * SDK's processors and exporters behind it, since the SDK spends more on a span than a small request can afford.
 */
export class KinopassTracerProvider implements TracerProvider {
  readonly #options: ProviderOptions;
  readonly #tracers = new Map<string, KinopassTracer>();

  constructor(options: ProviderOptions) {
    this.#options = options;
  }

  getTracer(name: string, version?: string, options?: { schemaUrl?: string }): KinopassTracer {
    const key = JSON.stringify([name, version, options?.schemaUrl]);
    const known = this.#tracers.get(key);
    if (known !== undefined) return known;
    const { resource, limits, processors, sample } = this.#options;
    const scope = {
      name,
      ...(version === undefined ? {} : { version }),
      ...(options?.schemaUrl === undefined ? {} : { schemaUrl: options.schemaUrl }),
    };
    const [only] = processors;
    const ended: SpanGround["ended"] =
      processors.length === 1 && only !== undefined
        ? (span) => only.onEnd(span)
        : (span) => {
            for (const processor of processors) processor.onEnd(span);
          };
    const made = new KinopassTracer({ resource, scope, limits, ended }, sample);
    this.#tracers.set(key, made);
    return made;
  }

  async forceFlush(): Promise<void> {
    await Promise.all(this.#options.processors.map((processor) => processor.forceFlush()));
  }

  async shutdown(): Promise<void> {
    await Promise.all(this.#options.processors.map((processor) => processor.shutdown()));
  }
}

class KinopassTracer implements Tracer {
  readonly #ground: SpanGround;
  readonly #sample: Sample;

  constructor(ground: SpanGround, sample: Sample) {
    this.#ground = ground;
    this.#sample = sample;
  }

  startSpan(name: string, options: SpanOptions = {}, within: Context = context.active()): Span {
    // Most requests come from nobody's trace: the empty context need not be asked.
    const isFirst = within === LIGHT_ROOT;
    if (!isFirst && isTracingSuppressed(within)) return trace.wrapSpanContext(INVALID_SPAN_CONTEXT);
    const parent = isFirst || options.root === true ? undefined : parentIn(within);
    const traceId = parent?.traceId ?? newId(16);
    if (this.#sample(parent, traceId)) return this.#record(name, options, parent, traceId, newId(8));
    return new SampledOutSpan(traceId, parent?.traceState);
  }

  startActiveSpan<Work extends (span: Span) => unknown>(name: string, ...rest: unknown[]): ReturnType<Work> {
    const work = rest.at(-1) as (span: Span) => ReturnType<Work>;
    const [options, given] = rest.slice(0, -1) as [SpanOptions?, Context?];
    const within = given ?? context.active();
    const span = this.startSpan(name, options, within);
    return context.with(trace.setSpan(light(within), span), work, undefined, span);
  }

  /** A span that was sampled out and failed, made after all: sampled whatever the sampler says, under ids given out for it. */
  startLate({ name, kind, attributes, links, parent: within, startedAt, ids }: LateSpan): Span {
    const parent = parentIn(within);
    const traceId = ids?.traceId ?? parent?.traceId ?? newId(16);
    const options = {
      kind,
      attributes,
      startTime: startedAt,
      ...(links === undefined ? {} : { links: [...links] }),
    };
    return this.#record(name, options, parent, traceId, ids?.spanId ?? newId(8));
  }

  #record(
    name: string,
    { kind = SpanKind.INTERNAL, attributes, links, startTime }: SpanOptions,
    parent: SpanContext | undefined,
    traceId: string,
    spanId: string,
  ): Span {
    const spanContext = withState({ traceId, spanId, traceFlags: TraceFlags.SAMPLED }, parent);
    return new RecordedSpan(this.#ground, { name, kind, spanContext, parent, attributes, links, startTime });
  }
}

function parentIn(within: Context): SpanContext | undefined {
  const span = trace.getSpan(within);
  if (span === undefined) return undefined;
  const found = span.spanContext();
  // Ours need no looking at; what came from outside does.
  return span instanceof RecordedSpan || isSpanContextValid(found) ? found : undefined;
}

function withState(made: SpanContext, parent: SpanContext | undefined): SpanContext {
  return parent?.traceState === undefined ? made : { ...made, traceState: parent.traceState };
}
