import { type Context, ROOT_CONTEXT } from "@opentelemetry/api";

/**
 * A context that costs one small object for each value put into it. The API's own copies a map and makes three functions
 * each time, which would be a good part of what a span costs.
 */
class LightContext implements Context {
  readonly #above: Context;
  readonly #key: symbol;
  readonly #value: unknown;

  constructor(above: Context, key: symbol, value: unknown) {
    this.#above = above;
    this.#key = key;
    this.#value = value;
  }

  getValue(key: symbol): unknown {
    let here: Context = this;
    // A loop, for a request's contexts are as deep as its calls.
    while (here instanceof LightContext) {
      if (here.#key === key) return here.#value;
      here = here.#above;
    }
    return here.getValue(key);
  }

  /** In place of the value that was there: a job that plans its next run from within would else keep all it ever was. */
  setValue(key: symbol, value: unknown): Context {
    return new LightContext(this.#without(key), key, value);
  }

  deleteValue(key: symbol): Context {
    return this.#without(key);
  }

  /** As deep as there are keys, which are few. */
  #without(key: symbol): Context {
    if (this.#key === key) return this.#above;
    if (!(this.#above instanceof LightContext)) return this;
    const above = this.#above.#without(key);
    return above === this.#above ? this : new LightContext(above, this.#key, this.#value);
  }
}

const NOTHING = Symbol("kinopass.tracing.nothing");
/** The empty context, from which light ones are made. */
export const LIGHT_ROOT: Context = new LightContext(ROOT_CONTEXT, NOTHING, undefined);

/** The same context in light form where it is the API's empty one; whatever else stays as it is. */
export function light(context: Context): Context {
  return context === ROOT_CONTEXT ? LIGHT_ROOT : context;
}
