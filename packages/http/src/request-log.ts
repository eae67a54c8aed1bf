import type { Server } from "./server.ts";

/**
 * One line a request, its level from the status: 5xx is an error of ours, the rest is information.
 * The route's template stands for the address: paths and queries may carry what is nobody's business.
 */
export function logRequests(app: Server): void {
  app.addHook("onResponse", (request, reply, done) => {
    const route = request.routeOptions.url ?? "(none)";
    const quiet = (request.routeOptions.config as { trace?: boolean }).trace === false;
    const line = {
      method: request.method,
      route,
      status: reply.statusCode,
      ms: Math.round(reply.elapsedTime * 10) / 10,
    };
    if (reply.statusCode >= 500) request.log.error(line, "request");
    else if (quiet) request.log.debug(line, "request");
    else request.log.info(line, "request");
    done();
  });
}
