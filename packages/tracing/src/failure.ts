import type { Attributes, Span } from "@opentelemetry/api";
import { SpanStatusCode } from "@opentelemetry/api";

/** Put `true` under this symbol on an error that is an answer (a refusal), not a defect. */
export const REFUSAL: unique symbol = Symbol.for("kinopass.refusal") as never;

/** `at work (file:///a.js:1:2)`, `at node:internal/x:1:2`, `at async Promise.all (index 0)`, `at Array.map (<anonymous>)`. */
const FRAME =
  /^ {4}at (?:.{1,200} \((?:[^()]+:\d+:\d+|index \d+|<anonymous>|native)\)|(?:async )?[^() ]+:\d+:\d+)$/;
/**
 * Errors some span has told about already, with the trace it did so in: nested spans share one error, and telling it once
 * is enough. Several requests may fail by one and the same object; each trace tells of it.
 */
const told = new WeakMap<object, string>();
/** How far an error is looked into for one that it wraps and that was told already. */
const DEEPEST_CAUSE = 4;
/** Thrown strings and numbers have no identity: the last one told, with its trace, stands for them. */
let lastPlain: { readonly traceId: string; readonly value: unknown } | undefined;

/**
 * Whether an error is an answer to the caller rather than a defect: marked by REFUSAL, or with a numeric `status` (or
 * Fastify's `statusCode`) from 400 to 499. Refusals do not make a span an error.
 */
export function isRefusal(error: unknown): boolean {
  if (typeof error !== "object" || error === null) return false;
  try {
    const { status, statusCode, [REFUSAL]: marked } = error as Record<PropertyKey, unknown>;
    return marked === true || isClientStatus(status) || (status === undefined && isClientStatus(statusCode));
  } catch {
    // Somebody's error that must not be asked.
    return false;
  }
}

/**
 * Tells a span how its work failed. A refusal leaves only its code. Anything else makes the span an error, and the first
 * span that sees the error keeps it as an exception event: type and stack frames. The message is left out, because
 * messages quote what they were given (an e-mail, a token); the log line of the same trace id has it.
 */
export function recordFailure(span: Span, error: unknown, tellMessage = false): void {
  try {
    describeFailure(span, error, tellMessage);
  } catch {
    // An error that cannot be looked at; whoever threw it must get it all the same.
    span.setStatus({ code: SpanStatusCode.ERROR });
    span.setAttribute("error.type", "_OTHER");
  }
}

function describeFailure(span: Span, error: unknown, tellMessage: boolean): void {
  const code = errorCode(error);
  if (isRefusal(error)) {
    if (code !== undefined) span.setAttribute("error.refusal", code);
    return;
  }
  const type = code ?? errorName(error);
  span.setStatus({ code: SpanStatusCode.ERROR, message: type });
  span.setAttribute("error.type", type);
  if (firstTold(span, error)) span.addEvent("exception", exceptionAttributes(error, tellMessage));
}

function firstTold(span: Span, error: unknown): boolean {
  const { traceId } = span.spanContext();
  if (isObject(error)) {
    const isNew = !causes(error).some((one) => told.get(one) === traceId);
    told.set(error, traceId);
    return isNew;
  }
  if (lastPlain?.traceId === traceId && lastPlain.value === error) return false;
  lastPlain = { traceId, value: error };
  return true;
}

/** The error, what it wraps, what that wraps, and so on. */
function causes(error: object): readonly object[] {
  const found = [error];
  for (let next: unknown = error; found.length <= DEEPEST_CAUSE; found.push(next as object)) {
    next = (next as { cause?: unknown }).cause;
    if (!isObject(next)) break;
  }
  return found;
}

function isObject(value: unknown): value is object {
  return typeof value === "object" && value !== null;
}

function exceptionAttributes(error: unknown, tellMessage: boolean): Attributes {
  const attributes: Attributes = { "exception.type": errorName(error) };
  if (!(error instanceof Error)) return attributes;
  const frames = framesOf(error);
  if (frames !== "") attributes["exception.stacktrace"] = frames;
  if (tellMessage) attributes["exception.message"] = error.message;
  return attributes;
}

/**
 * The stack begins with the message, which may have any number of lines, some of them made to look like frames. So it is
 * cut off where it is found, and of the rest only what has the form of a frame counts.
 */
function framesOf({ stack, message }: { readonly stack?: unknown; readonly message: unknown }): string {
  // Whoever prepares stacks himself may make anything of them.
  if (typeof stack !== "string" || typeof message !== "string") return "";
  const from = message === "" ? 0 : stack.indexOf(message);
  const rest = from < 0 ? stack : stack.slice(from + message.length);
  return rest
    .split("\n")
    .filter((line) => FRAME.test(line))
    .join("\n");
}

function errorName(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return typeof error.name === "string" ? error.name : "Error";
}

/** Codes are short and fixed by whoever made the error type (`ECONNREFUSED`, `23505`, `email_taken`); prose is not one. */
function errorCode(error: unknown): string | undefined {
  if (typeof error !== "object" || error === null || !("code" in error)) return undefined;
  return typeof error.code === "string" && /^[A-Za-z0-9_.-]{1,64}$/.test(error.code) ? error.code : undefined;
}

function isClientStatus(status: unknown): boolean {
  return typeof status === "number" && status >= 400 && status <= 499;
}
