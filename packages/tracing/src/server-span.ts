import type { IncomingHttpHeaders, ServerResponse } from "node:http";
import {
  type Attributes,
  type Context,
  defaultTextMapGetter,
  INVALID_SPAN_CONTEXT,
  isSpanContextValid,
  type Link,
  propagation,
  type Span,
  SpanKind,
  SpanStatusCode,
  type Tracer,
  trace,
} from "@opentelemetry/api";
import { isRefusal, recordFailure } from "./failure.ts";
import { lateRecorder } from "./late-span.ts";
import { LIGHT_ROOT } from "./light-context.ts";
import { REQUEST_ID_ATTRIBUTE, TRACEPARENT_HEADER } from "./request-id.ts";
import { SampledOutSpan } from "./sampled-out-span.ts";
import { isSampledOutHere } from "./traced-call.ts";
import type { Trust } from "./trusted-networks.ts";

// Names and attributes follow the OpenTelemetry semantic conventions for HTTP server spans (stable).

const METHODS = new Set([
  "GET",
  "HEAD",
  "POST",
  "PUT",
  "DELETE",
  "CONNECT",
  "OPTIONS",
  "TRACE",
  "PATCH",
  "QUERY",
]);
const HOST = /^[A-Za-z0-9.:[\]-]{1,255}$/;
/** Active on routes that opted out: nothing below makes a span. */
const UNTRACED = trace.setSpan(LIGHT_ROOT, trace.wrapSpanContext(INVALID_SPAN_CONTEXT));

/** What is read of a request: Fastify's own, or one that was answered before Fastify saw it. */
export interface SpannedRequest {
  readonly id: string;
  readonly method: string;
  readonly headers: IncomingHttpHeaders;
  readonly ip: string;
  readonly hostname: string;
  readonly protocol: string;
  readonly raw: { readonly httpVersion: string };
}

/** What is read of the route it was for. */
export interface SpannedRoute {
  /** The template; undefined where there is no such route. */
  readonly url?: string | undefined;
  readonly config: { readonly trace?: boolean };
}

/** What is read of its answer. */
export interface SpannedReply {
  readonly raw: ServerResponse;
  readonly statusCode: number;
}

/** Where a request's span belongs, and which span of somebody else's it is linked to. */
interface Foreign {
  readonly parent: Context;
  readonly options: { readonly kind: SpanKind.SERVER; readonly links?: Link[] };
}

const SERVER = { kind: SpanKind.SERVER } as const;
const NOBODYS: Foreign = { parent: LIGHT_ROOT, options: SERVER };

/** A request's span, from its first hook to the close of its response. */
export interface ServerSpan {
  readonly context: Context;
  /** Kept whatever happens; a span that was sampled out is kept only if the answer turns out to be a failure of ours. */
  readonly sampled: boolean;
  readonly traceId?: string;
  /** An error on its way to the error handler. */
  failed(error: unknown, reply: SpannedReply): void;
  /** The answer has been handed to the operating system; not called where the viewer has hung up before. */
  answered?(reply: SpannedReply): void;
  /** The response has closed, in whatever way. A span without it needs nobody to wait for that. */
  end?(reply: SpannedReply): void;
}

interface Arrival {
  readonly request: SpannedRequest;
  readonly route: SpannedRoute;
  readonly trust: Trust;
  /** A reading of performance.now(). */
  readonly startedAt: number;
}

/** Opens the span of a request that has just arrived. */
export function openServerSpan(tracer: Tracer, arrival: Arrival): ServerSpan {
  const { request, route, trust } = arrival;
  if (route.config.trace === false) return untraced;
  const foreign = foreignContext(request, trust);
  const { parent, options } = foreign;
  // No sampler of the set-up looks at attributes, and most requests are sampled out: those never gather them.
  const span = tracer.startSpan(nameOf(request, route), options, parent);
  if (isSampledOutHere(span)) return new SampledOut(arrival, span, foreign);
  span.setAttributes(requestAttributes(request, route));
  return new Recorded(span, parent);
}

export function knownMethod(method: string): string {
  return METHODS.has(method) ? method : "_OTHER";
}

function nameOf({ method }: SpannedRequest, { url }: SpannedRoute): string {
  const known = METHODS.has(method) ? method : "HTTP";
  return url === undefined ? known : `${known} ${url}`;
}

/** On routes that opted out. */
const untraced: ServerSpan = { context: UNTRACED, sampled: false, failed: () => undefined };

class Recorded implements ServerSpan {
  readonly context: Context;
  readonly sampled = true;
  readonly traceId: string;
  readonly #span: Span;
  #thrown: unknown;

  constructor(span: Span, parent: Context) {
    this.#span = span;
    this.context = trace.setSpan(parent, span);
    this.traceId = span.spanContext().traceId;
  }

  failed(error: unknown): void {
    this.#thrown = error;
  }

  end(reply: SpannedReply): void {
    const told = noteThrown(this.#span, reply, this.#thrown);
    noteAnswer(this.#span, reply, told);
    this.#span.end();
  }
}

/**
 * Nothing is gathered, unless the answer turns out to be a failure of ours: that is told late. Nor is its close waited
 * for, which would cost each request more than the rest of this, except where an error is under way.
 */
class SampledOut implements ServerSpan {
  readonly context: Context;
  readonly sampled = false;
  readonly traceId: string;
  readonly #arrival: Arrival;
  readonly #span: Span;
  readonly #foreign: Foreign;
  #thrown: unknown;
  #told = false;

  constructor(arrival: Arrival, span: Span, foreign: Foreign) {
    this.#arrival = arrival;
    this.#span = span;
    this.#foreign = foreign;
    this.context = trace.setSpan(foreign.parent, span);
    this.traceId = traceIdOf(span);
  }

  failed(error: unknown, reply: SpannedReply): void {
    // Who hangs up before he is told of an error never gets an answer.
    if (this.#thrown === undefined)
      reply.raw.on("close", () => {
        if (!reply.raw.headersSent && !isRefusal(this.#thrown)) this.#tell(reply);
      });
    this.#thrown = error;
  }

  answered(reply: SpannedReply): void {
    if (reply.statusCode >= 500) this.#tell(reply);
  }

  #tell(reply: SpannedReply): void {
    if (this.#told) return;
    this.#told = true;
    const { request, route, startedAt } = this.#arrival;
    const thrown = this.#thrown;
    const { parent, options } = this.#foreign;
    lateRecorder()?.({
      name: nameOf(request, route),
      ...options,
      attributes: requestAttributes(request, route),
      parent,
      startedAt,
      ids: this.#span.spanContext(),
      sentAway: reply.raw.headersSent && reply.raw.statusCode === 503,
      describe: (late) => noteAnswer(late, reply, noteThrown(late, reply, thrown)),
    });
  }
}

/** Ours need not make up the rest of its ids for it. */
function traceIdOf(span: Span): string {
  return span instanceof SampledOutSpan ? span.traceId : span.spanContext().traceId;
}

/**
 * A trusted caller's trace is continued. Anybody else's would let him choose our trace ids and our sampling (W3C Trace
 * Context §7.1–7.2 warns of both): his becomes a link on a trace of our own.
 */
function foreignContext(request: SpannedRequest, trust: Trust): Foreign {
  const { headers } = request;
  if (headers[TRACEPARENT_HEADER] === undefined) return NOBODYS;
  const offered = propagation.extract(LIGHT_ROOT, headers, defaultTextMapGetter);
  if (trust(request.ip)) return { parent: offered, options: SERVER };
  const caller = trace.getSpanContext(offered);
  if (caller === undefined || !isSpanContextValid(caller)) return NOBODYS;
  return { parent: LIGHT_ROOT, options: { ...SERVER, links: [{ context: caller }] } };
}

/**
 * Neither query nor client address is kept, and the path only where the route is the path: path parameters can be codes
 * (a TV's pairing code), queries can be tokens.
 */
function requestAttributes(request: SpannedRequest, { url: route }: SpannedRoute): Attributes {
  const attributes: Attributes = {
    "http.request.method": knownMethod(request.method),
    "url.scheme": request.protocol,
    "network.protocol.version": request.raw.httpVersion,
    [REQUEST_ID_ATTRIBUTE]: request.id,
  };
  if (HOST.test(request.hostname)) attributes["server.address"] = request.hostname;
  if (route !== undefined) {
    attributes["http.route"] = route;
    if (!/[:*(]/.test(route)) attributes["url.path"] = route;
  }
  return attributes;
}

/**
 * What a handler has thrown, judged by what became of it: an error handler may have made an answer to the caller of it,
 * and that is no failure of ours. True when it was told as one.
 */
function noteThrown(span: Span, { raw }: SpannedReply, thrown: unknown): boolean {
  if (thrown === undefined) return false;
  const isAnswer = isRefusal(thrown);
  if (!isAnswer && raw.headersSent && raw.statusCode >= 400 && raw.statusCode < 500) return false;
  recordFailure(span, thrown);
  return !isAnswer;
}

/** How the request went; `told` when an exception has named the error's type already. */
function noteAnswer(span: Span, { raw }: SpannedReply, told: boolean): void {
  // Closed before the handler was through with it: the caller has hung up.
  if (!raw.writableEnded) span.addEvent("client.disconnected");
  if (!raw.headersSent) return;
  span.setAttribute("http.response.status_code", raw.statusCode);
  if (raw.statusCode < 500) return;
  span.setStatus({ code: SpanStatusCode.ERROR });
  if (!told) span.setAttribute("error.type", String(raw.statusCode));
}
