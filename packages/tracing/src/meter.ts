import {
  type Attributes,
  createNoopMeter,
  type Meter,
  type MeterProvider,
  type MetricOptions,
  metrics,
} from "@opentelemetry/api";

const SCOPE = "@kinopass/tracing";
/** What every provider hands out while nobody has registered an SDK. */
const NOBODY: Meter = createNoopMeter();

/** Labels with few values only: route templates, doors, outcomes. Never ids, addresses or anything a caller chooses. */
export type Labels = Attributes;

export interface CounterInstrument {
  add(value: number, labels?: Labels): void;
}

export interface RecordingInstrument {
  record(value: number, labels?: Labels): void;
}

/** A reading of an observed gauge, with the labels it belongs to. */
export type Reading = readonly [value: number, labels?: Labels];

export interface HistogramOptions extends MetricOptions {
  /** Upper bounds of the buckets, ascending, in the instrument's unit. */
  readonly boundaries?: readonly number[];
}

export interface Instruments {
  counter(name: string, options?: MetricOptions): CounterInstrument;
  upDownCounter(name: string, options?: MetricOptions): CounterInstrument;
  histogram(name: string, options?: HistogramOptions): RecordingInstrument;
  gauge(name: string, options?: MetricOptions): RecordingInstrument;
  /** A gauge that is read when somebody collects. */
  observe(name: string, options: MetricOptions, read: () => Iterable<Reading>): void;
}

let known: MeterProvider | undefined;
let current: Meter | undefined;
const waiting = new Set<(meter: Meter) => void>();

/**
 * The instruments. They may be made before metrics are started, even when modules load: each finds the real meter when it
 * is first used, and until there is one a use costs a comparison.
 */
export function meter(): Instruments {
  return INSTRUMENTS;
}

/** Whether anybody collects, for callers to whom measuring itself costs something. */
export function isMetering(): boolean {
  return activeMeter() !== undefined;
}

/** Hands the observed gauges made so far to the meter just registered. For the set-up. */
export function bindObserved(): void {
  const found = activeMeter();
  if (found === undefined) return;
  for (const bind of waiting) bind(found);
}

function activeMeter(): Meter | undefined {
  const provider = metrics.getMeterProvider();
  if (provider === known) return current;
  known = provider;
  const found = provider.getMeter(SCOPE);
  current = found === NOBODY ? undefined : found;
  return current;
}

/** The instrument on whatever meter is registered now; made once per meter. */
function lazily<Instrument>(make: (meter: Meter) => Instrument): () => Instrument | undefined {
  let on: Meter | undefined;
  let made: Instrument | undefined;
  return () => {
    const found = activeMeter();
    if (found === undefined) return undefined;
    if (found !== on) {
      on = found;
      made = make(found);
    }
    return made;
  };
}

const INSTRUMENTS: Instruments = {
  counter(name, options) {
    const instrument = lazily((found) => found.createCounter(name, options));
    return { add: (value, labels) => instrument()?.add(value, labels) };
  },
  upDownCounter(name, options) {
    const instrument = lazily((found) => found.createUpDownCounter(name, options));
    return { add: (value, labels) => instrument()?.add(value, labels) };
  },
  histogram(name, { boundaries, ...options } = {}) {
    const advice = boundaries === undefined ? {} : { advice: { explicitBucketBoundaries: [...boundaries] } };
    const instrument = lazily((found) => found.createHistogram(name, { ...options, ...advice }));
    return { record: (value, labels) => instrument()?.record(value, labels) };
  },
  gauge(name, options) {
    const instrument = lazily((found) => found.createGauge(name, options));
    return { record: (value, labels) => instrument()?.record(value, labels) };
  },
  observe(name, options, read) {
    const bind = (found: Meter) => {
      found.createObservableGauge(name, options).addCallback((result) => {
        for (const [value, labels] of read()) result.observe(value, labels);
      });
    };
    waiting.add(bind);
    const found = activeMeter();
    if (found !== undefined) bind(found);
  },
};
