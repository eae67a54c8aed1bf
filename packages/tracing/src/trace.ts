import { trace as api, type Context, SpanKind, type Tracer } from "@opentelemetry/api";
import type { AnyFunction, FunctionContext, Trace, TraceOptions } from "./trace-types.ts";
import { runTraced, runTracedGenerator, type TracedCall, unheard } from "./traced-call.ts";
import { isIteration } from "./traced-iteration.ts";
import { activeContext, activeTracer } from "./tracer.ts";

type AnyOptions = TraceOptions<never[], never>;
type Callable = (this: unknown, ...args: unknown[]) => unknown;
type Accessor = { get?: AnyFunction; set?: AnyFunction };
type AnyContext = FunctionContext | ClassAccessorDecoratorContext | ClassFieldDecoratorContext;

/** Gives a call its span's name. */
type Naming = (self: unknown) => string;

/**
 * Makes spans of calls: `@trace`, `@trace("name")` and `@trace({…})` on methods, static and private ones, getters,
 * setters, accessors and function fields; `trace(fn)`, `trace("name", fn)` and `trace({…}, fn)` around functions. `this`,
 * name, length and types stay. Nested calls become child spans across await, timers and emitters. A wrapper made while a
 * span is active belongs to it when it is later called from where no span is (a foreign callback).
 *
 * Without a registered SDK the function is called straight away. Arguments and results are never kept unless
 * `record` picks them. An error is kept once, by the innermost span; refusals (`isRefusal`) do not make a span an error.
 */
export const trace: Trace = ((first: unknown, second?: unknown): unknown => {
  if (isDecoratorContext(second)) return decorate({}, first, second);
  if (typeof first === "function")
    return wrap(first as Callable, {}, functionNaming(first as Callable), homeContext());
  const options: AnyOptions = typeof first === "string" ? { name: first } : (first as AnyOptions);
  if (typeof second === "function") {
    return wrap(second as Callable, options, functionNaming(second as Callable), homeContext());
  }
  return (value: unknown, member: AnyContext) => decorate(options, value, member);
}) as Trace;

function decorate(options: AnyOptions, value: unknown, member: AnyContext): unknown {
  const own = (fn: unknown, prefix = "") =>
    wrap(fn as Callable, options, memberNaming(`${prefix}${String(member.name)}`));
  switch (member.kind) {
    case "method":
      return own(value);
    case "getter":
      return own(value, "get ");
    case "setter":
      return own(value, "set ");
    case "accessor": {
      const { get, set } = value as Accessor;
      return { get: own(get, "get "), set: own(set, "set ") };
    }
    case "field":
      return (initial: unknown) => (typeof initial === "function" ? own(initial) : initial);
    default:
      throw new TypeError(`@trace cannot decorate a ${String((member as DecoratorContext).kind)}`);
  }
}

function wrap(fn: Callable, options: AnyOptions, naming: Naming, home?: Context): Callable {
  const generates = isGeneratorFunction(fn);
  const kind = options.kind ?? SpanKind.INTERNAL;
  const enter = (tracer: Tracer, self: unknown, args: unknown[]): unknown => {
    const parent = parentContext(home);
    if (unheard(parent, kind) !== undefined) return fn.apply(self, args);
    return observe(tracer, parent, self, args);
  };
  const observe = (tracer: Tracer, parent: Context, self: unknown, args: unknown[]): unknown => {
    const describe = (): TracedCall => ({
      name: options.name ?? naming(self),
      kind,
      attributes: options.attributes,
      record: options.record,
      args,
    });
    const work = () => fn.apply(self, args);
    if (!generates) return runTraced(tracer, parent, describe, work);
    return runTracedGenerator(tracer, parent, describe, () => {
      const made = work();
      if (!isIteration(made)) throw new TypeError(`${describe().name} did not give an iteration`);
      return made;
    });
  };
  const traced = function (this: unknown, ...args: unknown[]): unknown {
    if (new.target !== undefined) return Reflect.construct(fn, args, new.target === traced ? fn : new.target);
    const tracer = activeTracer();
    return tracer === undefined ? fn.apply(this, args) : enter(tracer, this, args);
  };
  // Name and length among them, and whatever its author has put on it.
  const { arguments: _arguments, caller: _caller, ...own } = Object.getOwnPropertyDescriptors(fn);
  return Object.defineProperties(traced, own);
}

/** Where a call without an active span belongs: to the span that was active when the wrapper was made, if any. */
function homeContext(): Context | undefined {
  if (activeTracer() === undefined) return undefined;
  const here = activeContext();
  return api.getSpan(here) === undefined ? undefined : here;
}

function parentContext(home: Context | undefined): Context {
  const here = activeContext();
  return home !== undefined && api.getSpan(here) === undefined ? home : here;
}

function functionNaming(fn: Callable): Naming {
  const name = fn.name === "" ? "anonymous" : fn.name;
  return () => name;
}

function memberNaming(member: string): Naming {
  return (self) => {
    const owner = ownerNameOf(self);
    return owner === "" ? member : `${owner}.${member}`;
  };
}

/** A class may have a static `name` of its own, an object no constructor, and a proxy may refuse to be asked. */
function ownerNameOf(self: unknown): string {
  try {
    const owner =
      typeof self === "function" ? self : (self as Partial<object> | null | undefined)?.constructor;
    const name: unknown = owner?.name;
    return typeof name === "string" ? name : "";
  } catch {
    return "";
  }
}

function isDecoratorContext(value: unknown): value is AnyContext {
  return typeof value === "object" && value !== null && "kind" in value && "addInitializer" in value;
}

function isGeneratorFunction(fn: Callable): boolean {
  const tag = Object.prototype.toString.call(fn);
  return tag === "[object GeneratorFunction]" || tag === "[object AsyncGeneratorFunction]";
}
