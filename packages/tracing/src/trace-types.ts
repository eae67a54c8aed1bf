import type { Attributes, SpanKind } from "@opentelemetry/api";

/** Any function at all. */
export type AnyFunction = (this: never, ...args: never[]) => unknown;
/**
 * Any function that can be wrapped where it is written. It says nothing of `this`: TypeScript 5 would give that to a
 * function expression as its own, and nobody could call what comes back.
 */
type Wrappable = (...args: never[]) => unknown;

/** What to keep of a call. Nothing is kept that is not picked here; pick ids and words from a fixed list, never secrets. */
export interface Recording<Args extends readonly unknown[], Result> {
  /** Called with the arguments before the work starts. */
  readonly arguments?: (...args: Args) => Attributes | undefined;
  /** Called with the result (of a promise: what it came to); not for iterations. */
  readonly result?: (result: Result) => Attributes | undefined;
  /** Called with whatever was thrown, refusals included. */
  readonly error?: (error: unknown) => Attributes | undefined;
  /** Also keep the error's message. Only where messages can't quote what they were given. */
  readonly errorMessage?: boolean;
}

export interface TraceOptions<Args extends readonly unknown[] = never[], Result = never> {
  /** The span's name, by convention `capability.verb`; by default `Class.method`, or the function's name. */
  readonly name?: string;
  readonly kind?: SpanKind;
  /** Set on every span of this function. */
  readonly attributes?: Attributes;
  readonly record?: Recording<Args, Result>;
}

export type FunctionContext =
  | ClassMethodDecoratorContext
  | ClassGetterDecoratorContext
  | ClassSetterDecoratorContext;

/** What `trace("name")` and `trace({…})` give: a standard decorator (TC39 stage 3) for any member of a class. */
export interface TraceDecorator<Args extends readonly unknown[], Result> {
  <Given extends readonly [...Args, ...unknown[]], Answer extends Result | PromiseLike<Result>>(
    value: (this: never, ...args: Given) => Answer,
    context: FunctionContext,
  ): void;
  <This, Value>(
    value: ClassAccessorDecoratorTarget<This, Value>,
    context: ClassAccessorDecoratorContext<This, Value>,
  ): void;
  (value: undefined, context: ClassFieldDecoratorContext): void;
}

/** `trace`: a decorator for members of classes and a wrapper for functions, in one. */
export interface Trace {
  (value: AnyFunction, context: FunctionContext): void;
  <This, Value>(
    value: ClassAccessorDecoratorTarget<This, Value>,
    context: ClassAccessorDecoratorContext<This, Value>,
  ): void;
  (value: undefined, context: ClassFieldDecoratorContext): void;
  <Wrapped extends Wrappable>(fn: Wrapped): Wrapped;
  (name: string): TraceDecorator<[], unknown>;
  <Wrapped extends Wrappable>(name: string, fn: Wrapped): Wrapped;
  <Args extends readonly unknown[] = [], Result = unknown>(
    options: TraceOptions<Args, Result>,
  ): TraceDecorator<Args, Result>;
  <Wrapped extends Wrappable>(
    options: TraceOptions<Parameters<Wrapped>, Awaited<ReturnType<Wrapped>>>,
    fn: Wrapped,
  ): Wrapped;
}
