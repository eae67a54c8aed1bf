import { types } from "node:util";
import { type Context, context } from "@opentelemetry/api";

/** What a generator function (sync or async) hands back. */
export type Iteration = Generator<unknown, unknown, unknown> | AsyncGenerator<unknown, unknown, unknown>;

/** The span of an iteration: where its steps run, and who hears (once) how it ended. */
export interface IterationSpan {
  readonly within: Context;
  ended(): void;
  failed(error: unknown): void;
}

type Step = "next" | "return" | "throw";
type StepResult = IteratorResult<unknown, unknown>;

const TAGS: ReadonlySet<string> = new Set(["[object Generator]", "[object AsyncGenerator]"]);

export function isIteration(result: unknown): result is Iteration {
  return typeof result === "object" && result !== null && TAGS.has(Object.prototype.toString.call(result));
}

/**
 * The same iteration, with every step run inside a span that `begin` opens at the first step (an iteration nobody starts
 * has done no work) and that ends when the iteration does: run out, returned from early (`break`, destructuring,
 * `using`), or thrown out of. The copy inherits from the original's prototype, so `instanceof`, iterator helpers and
 * disposal keep working through the three methods replaced here.
 */
export function traceIteration(iteration: Iteration, begin: () => IterationSpan): Iteration {
  let span: IterationSpan | undefined;
  let over = false;
  const seen = (result: StepResult): StepResult => {
    if (result.done === true && !over) {
      over = true;
      span?.ended();
    }
    return result;
  };
  const failed = (error: unknown): never => {
    if (!over) {
      over = true;
      span?.failed(error);
    }
    throw error;
  };
  const take = (step: Step, values: unknown[]): StepResult | Promise<StepResult> => {
    span ??= begin();
    const move = iteration[step] as (...values: unknown[]) => StepResult | Promise<StepResult>;
    let result: StepResult | Promise<StepResult>;
    try {
      result = context.with(span.within, () => move.apply(iteration, values));
    } catch (error) {
      return failed(error);
    }
    return types.isPromise(result) ? result.then(seen, failed) : seen(result);
  };
  return Object.create(Object.getPrototypeOf(iteration), {
    next: hidden((...values) => take("next", values)),
    return: hidden((...values) => take("return", values)),
    throw: hidden((...values) => take("throw", values)),
  }) as Iteration;
}

function hidden(value: (...values: unknown[]) => unknown): PropertyDescriptor {
  return { value, configurable: true, enumerable: false, writable: true };
}
