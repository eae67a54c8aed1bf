import { type Span, type SpanContext, TraceFlags } from "@opentelemetry/api";
import { newId } from "./new-id.ts";

/**
 * A span of a trace that was sampled out in this process: it has ids and keeps nothing. The API's own would do as well,
 * but by its class this one is known at a glance, which is asked at every call below it.
 */
export class SampledOutSpan implements Span {
  readonly traceId: string;
  readonly #traceState: SpanContext["traceState"];
  /** Few are ever asked for: who calls no other service and does not fail goes without an id of his own. */
  #spanContext: SpanContext | undefined;

  constructor(traceId: string, traceState: SpanContext["traceState"]) {
    this.traceId = traceId;
    this.#traceState = traceState;
  }

  spanContext(): SpanContext {
    this.#spanContext ??= {
      traceId: this.traceId,
      spanId: newId(8),
      traceFlags: TraceFlags.NONE,
      ...(this.#traceState === undefined ? {} : { traceState: this.#traceState }),
    };
    return this.#spanContext;
  }

  isRecording(): boolean {
    return false;
  }

  setAttribute(): this {
    return this;
  }

  setAttributes(): this {
    return this;
  }

  addEvent(): this {
    return this;
  }

  addLink(): this {
    return this;
  }

  addLinks(): this {
    return this;
  }

  setStatus(): this {
    return this;
  }

  updateName(): this {
    return this;
  }

  recordException(): void {}

  end(): void {}
}
