import type { RequestContext } from "@kinopass/tracing";
import { requestContextOf, routeOf } from "@kinopass/tracing/fastify";
import type { FastifyBaseLogger, FastifyRequest } from "fastify";
import type { Server } from "./server.ts";

const sentAway = new WeakSet<FastifyRequest>();

/** Who is sent away for want of room is no error of ours: a flood must not fill the log that errors are read in. */
export function noteSentAway(request: FastifyRequest): void {
  sentAway.add(request);
}

/**
 * One line a request, its level from the status: 5xx is an error of ours, the rest is information.
 * The route's template stands for the address: paths and queries may carry what is nobody's business.
 */
export function logRequests(app: Server, lines: FastifyBaseLogger): void {
  app.addHook("onResponse", (request, reply, done) => {
    const { url: route = "(none)", config } = routeOf(request);
    const quiet = (config as { trace?: boolean }).trace === false;
    const { method } = request;
    const line = lineOf(requestContextOf(request), {
      method,
      route,
      status: reply.statusCode,
      ms: reply.elapsedTime,
    });
    if (reply.statusCode >= 500 && !sentAway.has(request)) lines.error(line, "request");
    else if (quiet) lines.debug(line, "request");
    else lines.info(line, "request");
    done();
  });
}

interface Told {
  readonly method: string;
  readonly route: string;
  readonly status: number;
  readonly ms: number;
}

/** A request's line, whoever answered it. */
export function lineOf(context: RequestContext, { method, route, status, ms }: Told): object {
  return { ...written(context), method, route, status, ms: Math.round(ms * 10) / 10 };
}

/** The ids a line of a request carries, for places where the request's context may be lost (a body that broke off). */
export function idsOf(request: FastifyRequest): Ids {
  return written(requestContextOf(request));
}

interface Ids {
  readonly request_id: string;
  readonly trace_id?: string;
}

function written({ requestId, traceId }: RequestContext): Ids {
  return { request_id: requestId, ...(traceId === undefined ? {} : { trace_id: traceId }) };
}
