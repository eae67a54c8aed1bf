import { type Attributes, type Span, SpanKind, SpanStatusCode, trace } from "@opentelemetry/api";
import { lateRecorder } from "./late-span.ts";
import { outgoingHeaders } from "./outgoing.ts";
import { SampledOutSpan } from "./sampled-out-span.ts";
import { type Pickers, runTraced, type TracedCall, tellSampledOut } from "./traced-call.ts";
import { activeContext, activeTracer } from "./tracer.ts";
import { withSpan } from "./with-span.ts";

// Names and attributes follow the OpenTelemetry semantic conventions for database and HTTP client spans (stable, 1.4x).

const SQL_RECORD: Pickers = { result: returnedRows, error: databaseError };
const REDIS_RECORD: Pickers = { error: databaseError };

export interface DatabaseSpanOptions {
  /** Where no span is active, make none: for what is asked in the background all the time. */
  readonly onlyBelow?: boolean;
}

export interface SqlSpanOptions extends DatabaseSpanOptions {
  /** The SQL verb (SELECT, UPDATE…), where the caller knows it. */
  readonly operation?: string;
  /** The database's name. */
  readonly namespace?: string;
  /** The main table. */
  readonly collection?: string;
}

/** A span around one SQL statement. `statement` is its name (`sessions.rotate`): neither text nor values are kept. */
export function sqlSpan<Result>(statement: string, fn: () => Result, options: SqlSpanOptions = {}): Result {
  return runDatabaseCall(options, () => sqlCall(statement, options), fn);
}

/**
 * For who makes statements by the thousand and catches what they throw anyway: where `areSpansKept()` says no, he makes the call
 * without `sqlSpan` and tells here what he caught. So failures are kept in traces that were sampled out, and a statement that
 * goes well costs nothing there. Anywhere else nothing happens.
 *
 * @param startedAt a reading of performance.now()
 */
export function sqlFailed(statement: string, error: unknown, startedAt: number): void {
  if (activeTracer() === undefined) return;
  tellSampledOut({ parent: activeContext(), describe: () => sqlCall(statement, {}), startedAt }, error);
}

function sqlCall(statement: string, { operation, namespace, collection }: SqlSpanOptions): TracedCall {
  const attributes: Attributes = { "db.system.name": "postgresql", "db.query.summary": statement };
  if (operation !== undefined) attributes["db.operation.name"] = operation;
  if (namespace !== undefined) attributes["db.namespace"] = namespace;
  if (collection !== undefined) attributes["db.collection.name"] = collection;
  return { name: statement, kind: SpanKind.CLIENT, attributes, record: SQL_RECORD };
}

export interface RedisSpanOptions extends DatabaseSpanOptions {
  /** The script's or function's name for EVALSHA, FCALL. */
  readonly script?: string;
  /** Commands sent in one pipeline or transaction. */
  readonly batchSize?: number;
  /** The database index. */
  readonly namespace?: string;
}

/** A span around one Redis command (`EVALSHA`, `GET`, `PIPELINE`). Keys and values are not kept. */
export function redisSpan<Result>(command: string, fn: () => Result, options: RedisSpanOptions = {}): Result {
  return runDatabaseCall(options, () => redisCall(command, options), fn);
}

function runDatabaseCall<Result>(
  { onlyBelow }: DatabaseSpanOptions,
  describe: () => TracedCall,
  fn: () => Result,
): Result {
  const tracer = activeTracer();
  if (tracer === undefined) return fn();
  const within = activeContext();
  if (onlyBelow === true && trace.getSpan(within) === undefined) return fn();
  return runTraced(tracer, within, describe, fn);
}

function redisCall(command: string, { script, batchSize, namespace }: RedisSpanOptions): TracedCall {
  const attributes: Attributes = { "db.system.name": "redis", "db.operation.name": command };
  if (script !== undefined) attributes["db.stored_procedure.name"] = script;
  if (batchSize !== undefined && batchSize > 1) attributes["db.operation.batch.size"] = batchSize;
  if (namespace !== undefined) attributes["db.namespace"] = namespace;
  const name = script === undefined ? command : `${command} ${script}`;
  return { name, kind: SpanKind.CLIENT, attributes, record: REDIS_RECORD };
}

export interface ClientCall {
  readonly method: string;
  readonly url: string | URL;
  /** The path with its variable parts named (`/films/{id}`); goes into the span's name. */
  readonly template?: string;
  /** Whose service it is (`yandex`, `auth`), as `service.peer.name`. */
  readonly peer?: string;
  /** Hand x-request-id and traceparent over: to our own services yes, to third parties no. By default not. */
  readonly propagate?: boolean;
}

/** What a call made in `clientSpan` is given. */
export interface ClientSpan {
  /** To be sent with the request; empty unless `propagate` was asked. */
  readonly headers: Record<string, string>;
  /** Tells the status where the result is not itself a Response with a `status`. */
  answered(status: number): void;
}

/**
 * A span around one HTTP call out. Of the URL only origin and path are kept, the path as its template where one is given:
 * queries and user info carry secrets at some providers. Answers from 400 on make the span an error (as the conventions
 * ask of clients), without an exception.
 */
export function clientSpan<Result>(call: ClientCall, fn: (span: ClientSpan) => Result): Result {
  if (activeTracer() === undefined) {
    return fn({ headers: call.propagate === true ? outgoingHeaders() : {}, answered: () => undefined });
  }
  const name = call.template === undefined ? call.method : `${call.method} ${call.template}`;
  return withSpan(name, { kind: SpanKind.CLIENT, attributes: clientAttributes(call) }, (span) => {
    const headers = call.propagate === true ? outgoingHeaders() : {};
    const answered = span instanceof SampledOutSpan ? lateNoter(name, call) : noterOn(span);
    const result = fn({ headers, answered });
    if (!(result instanceof Promise)) return result;
    return result.then((answer) => {
      const status: unknown = (answer as { status?: unknown } | null | undefined)?.status;
      if (typeof status === "number") answered(status);
      return answer;
    }) as Result;
  });
}

function noterOn(span: Span): (status: number) => void {
  return (status) => noteStatus(span, status);
}

/** A span that was sampled out keeps nothing: that the other side failed is told late, once, as what is thrown would be. */
function lateNoter(name: string, call: ClientCall): (status: number) => void {
  const [parent, startedAt] = [activeContext(), performance.now()];
  let told = false;
  return (status) => {
    if (told || status < 500) return;
    told = true;
    const describe = (late: Span) => noteStatus(late, status);
    lateRecorder()?.({
      name,
      kind: SpanKind.CLIENT,
      attributes: clientAttributes(call),
      parent,
      startedAt,
      describe,
    });
  };
}

function clientAttributes(call: ClientCall): Attributes {
  const url = new URL(call.url);
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  const attributes: Attributes = {
    "http.request.method": call.method,
    "server.address": url.hostname,
    "server.port": port,
    "url.full": `${url.origin}${call.template ?? url.pathname}`,
  };
  if (call.template !== undefined) attributes["url.template"] = call.template;
  if (call.peer !== undefined) attributes["service.peer.name"] = call.peer;
  return attributes;
}

function noteStatus(span: Span, status: number): void {
  span.setAttribute("http.response.status_code", status);
  if (status < 400) return;
  span.setAttribute("error.type", String(status));
  span.setStatus({ code: SpanStatusCode.ERROR });
}

function returnedRows(result: unknown): Attributes | undefined {
  const rows = (result as { rows?: unknown } | null | undefined)?.rows;
  return Array.isArray(rows) ? { "db.response.returned_rows": rows.length } : undefined;
}

/** PostgreSQL's SQLSTATE, or the word a Redis error begins with (WRONGTYPE, OOM): both come from fixed lists. */
function databaseError(error: unknown): Attributes | undefined {
  if (!(error instanceof Error)) return undefined;
  const { code } = error as Error & { code?: unknown };
  const status = typeof code === "string" ? code : /^[A-Z]{2,32}(?= )/.exec(error.message)?.[0];
  return status === undefined ? undefined : { "db.response.status_code": status };
}
