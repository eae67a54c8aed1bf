/** What the services import from @kinopass/tracing, doing nothing but calling what they were given. */
import { randomUUID } from "node:crypto";

type Work<T> = (...args: never[]) => T;

const nothing = () => undefined;
const SPAN = { setAttribute: nothing, setAttributes: nothing, addEvent: nothing, end: nothing };

export const REFUSAL: unique symbol = Symbol.for("kinopass.refusal") as never;
export const SpanKind = { CLIENT: 2 };
export const REQUEST_ID_HEADER = "x-request-id";

/** `@trace` and `@trace("name")` leave the method as it is; `trace(fn)` gives it back. */
export function trace(first: unknown, second?: unknown): unknown {
  if (typeof second === "function") return second;
  if (typeof first === "function") return first;
  return nothing;
}

export const withSpan = <T>(_name: string, _options: object, work: Work<T>): T => work(SPAN as never);
export const withLinkedSpan = <T>(_name: string, _link: unknown, work: Work<T>): T => work(SPAN as never);
export const sqlSpan = <T>(_statement: string, work: Work<T>): T => work();
export const sqlFailed = nothing;
export const redisSpan = <T>(_command: string, work: Work<T>): T => work();
export const clientSpan = <T>(_call: object, work: Work<T>): T =>
  work({ headers: {}, answered: nothing } as never);
export const runWithRequest = <T>(_request: object, work: Work<T>): T => work();

export const areSpansKept = () => false;
export const pastSpan = nothing;
export const annotate = nothing;
export const captureLink = nothing;
export const currentRequest = nothing;
export const activeTraceId = nothing;
export const outgoingHeaders = () => ({});
export const isRefusal = () => false;
export const newRequestId = (): string => randomUUID();
export const requestIds = () => newRequestId;

const instrument = { add: nothing, record: nothing };
const instruments = {
  counter: () => instrument,
  upDownCounter: () => instrument,
  histogram: () => instrument,
  gauge: () => instrument,
  observe: nothing,
};
export const meter = () => instruments;
