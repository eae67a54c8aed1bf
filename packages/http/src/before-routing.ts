import { openTurnedAway } from "@kinopass/tracing/fastify";
import type { FastifyBaseLogger, FastifyError, FastifyReply, FastifyRequest } from "fastify";
import { lineOf } from "./request-log.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import type { Server } from "./server.ts";

/**
 * Answers what is raised before routing and its hooks (a malformed address) as the app answers any other error, and tells of it
 * as of any other request: a line, a span, the metric. None of the hooks that do so run for it.
 */
export function answerBeforeRouting(
  app: Server,
  lines: FastifyBaseLogger,
  { error, request, reply }: { error: FastifyError; request: FastifyRequest; reply: FastifyReply },
): void {
  const began = performance.now();
  const { id: requestId, method, raw: message } = request;
  const visit = openTurnedAway({ message, response: reply.raw, requestId, route: undefined });
  const ids = { requestId, ...(visit.traceId === undefined ? {} : { traceId: visit.traceId }) };
  reply.raw.once("close", () => {
    visit.answered(error);
    const { statusCode: status } = reply.raw;
    lines.info(lineOf(ids, { method, route: "(none)", status, ms: performance.now() - began }), "request");
  });
  reply.headers(SECURITY_HEADERS);
  void app.errorHandler(error, request as never, reply as never);
}
