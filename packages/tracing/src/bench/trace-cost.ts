import { trace as api, context, SpanStatusCode, type Tracer } from "@opentelemetry/api";
import { AsyncLocalStorageContextManager } from "@opentelemetry/context-async-hooks";
import { ExportResultCode } from "@opentelemetry/core";
import { emptyResource } from "@opentelemetry/resources";
import { BatchSpanProcessor } from "@opentelemetry/sdk-trace";
import { tracingConfig } from "../config.ts";
import { trace } from "../index.ts";
import { setLateRecorder } from "../late-span.ts";
import { samplerOf } from "../sampler.ts";
import { KinopassTracerProvider } from "../tracer-provider.ts";

/** What one call costs, over what the same call costs untraced. */
export interface TraceCost {
  readonly what: string;
  /** Median over the rounds, in nanoseconds a call. */
  readonly nsPerCall: number;
  readonly fastest: number;
  readonly slowest: number;
}

export interface TraceCostOptions {
  readonly rounds?: number;
  readonly callsPerRound?: number;
}

interface Subject {
  readonly what: string;
  readonly call: (n: number) => number | Promise<number>;
}

class Work {
  total = 0;

  plain(n: number): number {
    this.total += n;
    return this.total;
  }

  @trace("work.traced")
  traced(n: number): number {
    this.total += n;
    return this.total;
  }

  async plainAsync(n: number): Promise<number> {
    return this.plain(n);
  }

  @trace("work.traced_async")
  async tracedAsync(n: number): Promise<number> {
    return this.plain(n);
  }
}

/**
 * Nanoseconds a call of a method that does next to nothing: untraced, with `@trace`, and with startActiveSpan written out
 * by hand; with tracing off, sampled out, and on. "On" goes through the real batching to an exporter that takes everything
 * at once, so serialising and sending are not in it.
 */
export async function measureTraceCost(options: TraceCostOptions = {}): Promise<readonly TraceCost[]> {
  const { rounds = 9, callsPerRound = 20_000 } = options;
  const work = new Work();
  const plain: Subject = { what: "untraced", call: (n) => work.plain(n) };
  const plainAsync: Subject = { what: "untraced, async", call: (n) => work.plainAsync(n) };
  const decorated = (state: string): Subject[] => [
    { what: `@trace, ${state}`, call: (n) => work.traced(n) },
    { what: `@trace, async, ${state}`, call: (n) => work.tracedAsync(n) },
  ];
  // Off first: an optimised call site must not have seen a tracer yet, as in a service that runs without one.
  const off = [...(await measure([plain, plainAsync, ...decorated("off")], rounds, callsPerRound * 10))];
  const out = await underSdk("always_off", (tracer) =>
    // A request that was sampled out, and calls below it.
    tracer.startActiveSpan("request", () =>
      measure([...decorated("sampled out"), byHand(tracer, work, "sampled out")], rounds, callsPerRound),
    ),
  );
  const on = await underSdk("always_on", (tracer) =>
    tracer.startActiveSpan("request", () =>
      measure([...decorated("on"), byHand(tracer, work, "on")], rounds, callsPerRound),
    ),
  );
  return [...off, ...out, ...on];
}

function byHand(tracer: Tracer, work: Work, state: string): Subject {
  const call = (n: number) =>
    tracer.startActiveSpan("work.by_hand", (span) => {
      try {
        return work.plain(n);
      } catch (error) {
        span.recordException(error as Error);
        span.setStatus({ code: SpanStatusCode.ERROR });
        throw error;
      } finally {
        span.end();
      }
    });
  return { what: `startActiveSpan by hand, ${state}`, call };
}

async function underSdk<Result>(sampler: string, run: (tracer: Tracer) => Promise<Result>): Promise<Result> {
  const exporter = {
    export: (_spans: unknown, done: (result: { code: ExportResultCode }) => void) =>
      done({ code: ExportResultCode.SUCCESS }),
    shutdown: () => Promise.resolve(),
  };
  const config = tracingConfig({
    OTEL_TRACES_EXPORTER: "otlp",
    OTEL_TRACES_SAMPLER: `parentbased_${sampler}`,
  });
  if (config === undefined) throw new Error("an exporter was named, so tracing is on");
  const provider = new KinopassTracerProvider({
    resource: emptyResource(),
    sample: samplerOf(config),
    limits: config.spanLimits,
    processors: [new BatchSpanProcessor({ exporter })],
  });
  context.setGlobalContextManager(new AsyncLocalStorageContextManager());
  // As the set-up does: a sampled-out call notes when it began, in case it fails.
  setLateRecorder(() => undefined);
  api.setGlobalTracerProvider(provider);
  try {
    return await run(provider.getTracer("bench"));
  } finally {
    setLateRecorder(undefined);
    api.disable();
    await provider.shutdown();
  }
}

/** Subjects take turns within a round, so that a noisy moment of the machine falls on all of them. */
async function measure(
  subjects: readonly Subject[],
  rounds: number,
  calls: number,
): Promise<readonly TraceCost[]> {
  const times = new Map(subjects.map(({ what }) => [what, [] as number[]]));
  for (let round = -2; round < rounds; round += 1) {
    for (const { what, call } of subjects) {
      const began = process.hrtime.bigint();
      let last: number | Promise<number> = 0;
      for (let n = 0; n < calls; n += 1) {
        last = call(n);
        if (typeof last !== "number") await last;
      }
      const ns = Number(process.hrtime.bigint() - began) / calls;
      // The first two rounds warm up.
      if (round >= 0) times.get(what)?.push(ns);
      await new Promise((resolve) => setImmediate(resolve));
    }
  }
  return [...times].map(([what, ns]) => {
    const sorted = ns.sort((a, b) => a - b);
    const at = (share: number) =>
      Math.round((sorted[Math.floor((sorted.length - 1) * share)] ?? 0) * 10) / 10;
    return { what, nsPerCall: at(0.5), fastest: at(0), slowest: at(1) };
  });
}
