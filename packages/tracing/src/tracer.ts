import {
  type Context,
  type ContextManager,
  context,
  ProxyTracerProvider,
  type Tracer,
  type TracerProvider,
  trace,
} from "@opentelemetry/api";

const SCOPE = "@kinopass/tracing";
/** What the API hands out while nobody has registered an SDK. */
const NOBODY: TracerProvider = new ProxyTracerProvider().getDelegate();

/** What this package's own set-up has registered with the API. */
export interface OwnSdk {
  readonly tracer: Tracer;
  readonly contexts: ContextManager;
}

let own: OwnSdk | undefined;
let known: TracerProvider = NOBODY;
let tracer: Tracer | undefined;

/** For the set-up alone: who is known here need not be looked for in the API's globals, several times a request. */
export function setOwnSdk(next: OwnSdk | undefined): void {
  own = next;
}

/**
 * The tracer of the registered SDK; undefined while there is none, so that callers can skip everything. This is asked
 * on every traced call. Of somebody else's SDK it costs one look at the API's global and one comparison, and it notices
 * one that is registered (or taken away) later.
 */
export function activeTracer(): Tracer | undefined {
  if (own !== undefined) return own.tracer;
  const provider = trace.getTracerProvider() as TracerProvider & { getDelegate?: () => TracerProvider };
  const delegate = provider.getDelegate === undefined ? provider : provider.getDelegate();
  if (delegate === known) return tracer;
  known = delegate;
  tracer = delegate === NOBODY ? undefined : delegate.getTracer(SCOPE);
  return tracer;
}

/** The context of the call that asks. */
export function activeContext(): Context {
  return own === undefined ? context.active() : own.contexts.active();
}

/** The contexts of this package's own set-up; undefined while there is none, or somebody else's. */
export function ownContexts(): ContextManager | undefined {
  return own?.contexts;
}
