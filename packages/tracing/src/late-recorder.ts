import {
  type Attributes,
  type Context,
  createContextKey,
  type Link,
  type SpanKind,
  type Tracer,
} from "@opentelemetry/api";
import {
  type IdGenerator,
  RandomIdGenerator,
  type Sampler,
  SamplingDecision,
  type SamplingResult,
} from "@opentelemetry/sdk-trace";
import type { LateRecorder, LateSpan } from "./late-span.ts";

const FORCED = createContextKey("kinopass.tracing.forced");

/** Samples what was made late on purpose; everything else as the configured sampler says. */
export class LateSampler implements Sampler {
  readonly #inner: Sampler;

  constructor(inner: Sampler) {
    this.#inner = inner;
  }

  shouldSample(
    context: Context,
    traceId: string,
    name: string,
    kind: SpanKind,
    attributes: Attributes,
    links: Link[],
  ): SamplingResult {
    if (context.getValue(FORCED) === true) return { decision: SamplingDecision.RECORD_AND_SAMPLED };
    return this.#inner.shouldSample(context, traceId, name, kind, attributes, links);
  }

  toString(): string {
    return `LateSampler{${this.#inner.toString()}}`;
  }
}

/** Random ids, except while a late span takes the ids that were given out for it. */
export class LateIds implements IdGenerator {
  readonly #random = new RandomIdGenerator();
  #given: LateSpan["ids"];

  generateTraceId = (): string => this.#given?.traceId ?? this.#random.generateTraceId();
  generateSpanId = (): string => this.#given?.spanId ?? this.#random.generateSpanId();

  using<Result>(ids: LateSpan["ids"], make: () => Result): Result {
    this.#given = ids;
    try {
      return make();
    } finally {
      this.#given = undefined;
    }
  }
}

/** Late spans a second, at most: an outage must not turn a 1 % sample into 100 %. */
const LATE_SPANS_PER_SECOND = 50;

/**
 * Records failures of spans that were sampled out. Their trace then holds what failed and nothing else: no sibling that
 * went well, no attribute set while it ran, and of other services only what failed there too.
 */
export function lateRecorderOn(tracer: Tracer, ids: LateIds): LateRecorder {
  let second = 0;
  let made = 0;
  return (late) => {
    const now = performance.now();
    if (now - second >= 1_000) {
      second = now;
      made = 0;
    }
    if (made >= LATE_SPANS_PER_SECOND) return;
    made += 1;
    const { name, kind, startedAt } = late;
    const attributes = { ...late.attributes, "sampling.late": true };
    const span = ids.using(late.ids, () =>
      tracer.startSpan(name, { kind, attributes, startTime: startedAt }, late.parent.setValue(FORCED, true)),
    );
    late.describe(span);
    span.end(performance.now());
  };
}
