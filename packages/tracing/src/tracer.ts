import { ProxyTracerProvider, type Tracer, type TracerProvider, trace } from "@opentelemetry/api";

const SCOPE = "@kinopass/tracing";
/** What the API hands out while nobody has registered an SDK. */
const NOBODY: TracerProvider = new ProxyTracerProvider().getDelegate();

let known: TracerProvider = NOBODY;
let tracer: Tracer | undefined;

/**
 * The tracer of the registered SDK; undefined while there is none, so that callers can skip everything. This is asked
 * on every traced call: it costs one look at the API's global and one comparison, and it notices an SDK that is
 * registered (or taken away) later.
 */
export function activeTracer(): Tracer | undefined {
  const provider = trace.getTracerProvider() as TracerProvider & { getDelegate?: () => TracerProvider };
  const delegate = provider.getDelegate === undefined ? provider : provider.getDelegate();
  if (delegate === known) return tracer;
  known = delegate;
  tracer = delegate === NOBODY ? undefined : delegate.getTracer(SCOPE);
  return tracer;
}
