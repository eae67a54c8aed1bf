import { requestContextOf } from "@kinopass/tracing/fastify";
import type { FastifyRequest } from "fastify";
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
export function logRequests(app: Server): void {
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "(none)";
    const quiet = (request.routeOptions.config as { trace?: boolean }).trace === false;
    const line = {
      ...idsOf(request),
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    };
    if (reply.statusCode >= 500 && !sentAway.has(request)) request.log.error(line, "request");
    else if (quiet) request.log.debug(line, "request");
    else request.log.info(line, "request");
    done();
  });
}

/** The ids a line of a request carries, for places where the request's context may be lost (a body that broke off). */
export function idsOf(request: FastifyRequest): { readonly request_id: string; readonly trace_id?: string } {
  const { requestId, traceId } = requestContextOf(request);
  return { request_id: requestId, ...(traceId === undefined ? {} : { trace_id: traceId }) };
}
