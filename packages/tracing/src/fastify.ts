import { type IncomingMessage, type OutgoingHttpHeaders, ServerResponse } from "node:http";
import type { FastifyInstance, FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import { isMetering } from "./meter.ts";
import { type RequestContext, runWithRequest, runWithRequestIn } from "./request-context.ts";
import { acceptRequestId, REQUEST_ID_HEADER } from "./request-id.ts";
import { type CountedRequest, requestCounted } from "./request-metrics.ts";
import { openServerSpan, type ServerSpan } from "./server-span.ts";
import { activeTracer } from "./tracer.ts";
import { type Trust, trustNetworks } from "./trusted-networks.ts";

export { openTurnedAway, type TurnedAway, type TurnedAwayVisit } from "./turned-away.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** `false` makes no span for this route (health checks). The request id stays. */
    trace?: boolean;
  }
}

export interface TracingOptions {
  /** Makes an id for a request that brings no harmless one: `() => newRequestId(clock.now(), randomBytes)`. */
  readonly makeRequestId: () => string;
  /**
   * Networks (CIDR) whose traceparent is continued; from anywhere else it becomes a link on a new trace. The address
   * judged is `request.ip`, so behind a proxy set Fastify's `trustProxy`. None by default.
   */
  readonly trustedNetworks?: readonly string[];
}

interface Visit {
  readonly request: RequestContext;
  readonly span: ServerSpan | undefined;
  readonly route: RouteOfRequest | undefined;
}

type RouteOfRequest = FastifyRequest["routeOptions"];

const VISIT = Symbol("kinopass.tracing.visit");
const REQUEST_ID = Symbol("kinopass.tracing.requestId");

type Visited = FastifyRequest & { [VISIT]: Visit | null };
type Numbered = IncomingMessage & { [REQUEST_ID]?: string };

/**
 * Gives every request its id and its server span. Register it first, on the root instance. The id is `request.id` and the
 * x-request-id header of every response, errors included; the span is named by method and route template. With tracing
 * off only the ids remain.
 */
export const tracing: FastifyPluginAsync<TracingOptions> = async (app, options) => {
  const trust = trustNetworks(options.trustedNetworks ?? []);
  giveRequestIds(app, options.makeRequestId);
  app.decorateRequest(VISIT, null);
  // Once is enough: where reading a body leaves the context, Fastify itself comes back to it (an AsyncResource).
  app.addHook("onRequest", (request, reply, next) => begin(request as Visited, reply, trust, next));
  app.addHook("onError", (request, reply, error, next) => {
    (request as Visited)[VISIT]?.span?.failed(error, reply);
    next();
  });
  app.addHook("onResponse", (request, reply, next) => {
    (request as Visited)[VISIT]?.span?.answered?.(reply);
    next();
  });
};
// The hooks must reach every route of the root instance, not only this plugin's own (Fastify's encapsulation).
Object.assign(tracing, {
  [Symbol.for("skip-override")]: true,
  [Symbol.for("fastify.display-name")]: "tracing",
});

/**
 * The id and trace id of a request, for places where `currentRequest()` is not known: error handlers of bodies that could
 * not be read, and hooks after the response.
 */
export function requestContextOf(request: FastifyRequest): RequestContext {
  return (request as Visited)[VISIT]?.request ?? { requestId: request.id };
}

/** `request.routeOptions`, without making it anew where it has been asked for already: it is an object of a dozen fields. */
export function routeOf(request: FastifyRequest): RouteOfRequest {
  return (request as Visited)[VISIT]?.route ?? request.routeOptions;
}

/** Whether the request's trace is kept whatever comes of it: where it is not, its id leads nowhere. */
export function isTraceKept(request: FastifyRequest): boolean {
  return (request as Visited)[VISIT]?.span?.sampled ?? false;
}

/** The id a request was given when it reached the server: for who answers it before Fastify does. */
export function requestIdOf(message: IncomingMessage): string {
  return (message as Numbered)[REQUEST_ID] ?? "";
}

function begin(request: Visited, reply: FastifyReply, trust: Trust, next: () => void): void {
  const requestId = request.id;
  reply.header(REQUEST_ID_HEADER, requestId);
  const metering = isMetering();
  const tracer = activeTracer();
  if (tracer === undefined && !metering) {
    const visit: Visit = { request: { requestId }, span: undefined, route: undefined };
    request[VISIT] = visit;
    runWithRequest(visit.request, next);
    return;
  }
  const startedAt = performance.now();
  const route = request.routeOptions;
  const span =
    tracer === undefined ? undefined : openServerSpan(tracer, { request, route, trust, startedAt });
  const traceId = span?.traceId;
  const visit: Visit = {
    request: traceId === undefined ? { requestId } : { requestId, traceId },
    span,
    route,
  };
  request[VISIT] = visit;
  if (metering || span?.end !== undefined) watchAnswer({ request, route, reply }, span, startedAt);
  enter(visit, next);
}

function watchAnswer(
  counted: CountedRequest & { readonly reply: FastifyReply },
  span: ServerSpan | undefined,
  startedAt: number,
): void {
  const { reply } = counted;
  // `on`, not `once`, which costs three times as much: a response closes but once.
  reply.raw.on("close", () => {
    span?.end?.(reply);
    if (isMetering()) requestCounted(counted, (performance.now() - startedAt) / 1000);
  });
}

function enter({ request, span }: Visit, next: () => void): void {
  if (span === undefined) runWithRequest(request, next);
  else runWithRequestIn(request, span.context, next);
}

/**
 * The id is known from the moment the request reaches the server, before routing, so that answers Fastify gives without
 * running any hook (malformed URL, closing) carry it too. `inject` does not pass there; the hook is enough for it.
 */
function giveRequestIds(app: FastifyInstance, make: () => string): void {
  const idOf = (message: Numbered): string => {
    message[REQUEST_ID] ??= acceptRequestId(message.headers[REQUEST_ID_HEADER], make);
    return message[REQUEST_ID];
  };
  app.setGenReqId((message) => idOf(message as Numbered));
  app.server.prependListener("request", (message: IncomingMessage, response: ServerResponse) => {
    idOf(message);
    if (!(response instanceof NumberedResponse))
      response.writeHead = writeHeadWithId as ServerResponse["writeHead"];
  });
}

/**
 * For servers of one's own making: `createServer({ ServerResponse: NumberedResponse })`. Every response of any other is given
 * a function of its own to carry the id.
 */
export class NumberedResponse<
  Message extends IncomingMessage = IncomingMessage,
> extends ServerResponse<Message> {
  override writeHead(status: number, reason?: unknown, headers?: unknown): this {
    addId(this, headers ?? reason);
    return super.writeHead(status, reason as string, headers as OutgoingHttpHeaders);
  }
}

function writeHeadWithId(
  this: ServerResponse,
  status: number,
  reason?: unknown,
  headers?: unknown,
): ServerResponse {
  addId(this, headers ?? reason);
  // The response's own, HTTP/1 or 2.
  const { writeHead } = Object.getPrototypeOf(this) as { writeHead: (...args: unknown[]) => ServerResponse };
  return writeHead.call(this, status, reason, headers);
}

/**
 * Adds the id where nobody has set it. `setHeader` beforehand would do as well, but one header set that way makes Node
 * check and copy all the others, which costs a request more than everything else here.
 */
function addId(response: ServerResponse, given: unknown): void {
  const known = isHeaders(given) && given[REQUEST_ID_HEADER] !== undefined;
  if (!known && !response.headersSent && !response.hasHeader(REQUEST_ID_HEADER))
    response.setHeader(REQUEST_ID_HEADER, requestIdOf(response.req));
}

function isHeaders(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}
