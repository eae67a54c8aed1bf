import type { RequestContext } from "@kinopass/tracing";
import { isTraceKept, requestContextOf } from "@kinopass/tracing/fastify";
import type { FastifyReply, FastifyRequest } from "fastify";
import { common } from "./common-refusals.ts";
import { chooseLanguage } from "./language.ts";
import { problemOf } from "./problem.ts";
import { AppError, type Refusal } from "./refusals.ts";
import { idsOf, noteSentAway } from "./request-log.ts";
import type { Server } from "./server.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Every refusal this operation may answer beyond the common ones; the contract lists them. */
    readonly refuses?: readonly Refusal[];
  }
}

/** Errors of the framework, by the code it gives them. Whatever is not here is a defect. */
const FRAMEWORK: Readonly<Record<string, Refusal>> = {
  FST_ERR_CTP_BODY_TOO_LARGE: common.body_too_large,
  FST_ERR_CTP_INVALID_MEDIA_TYPE: common.unsupported_media_type,
  FST_ERR_CTP_EMPTY_TYPE: common.unsupported_media_type,
  FST_ERR_CTP_INVALID_CONTENT_LENGTH: common.invalid_request,
  FST_ERR_CTP_EMPTY_JSON_BODY: common.invalid_request,
  FST_ERR_BAD_URL: common.invalid_request,
  FST_ERR_MAX_PARAM_LENGTH: common.uri_too_long,
  FST_ERR_ROUTE_MISSING_HANDLER: common.not_found,
};

export function answerErrors(
  app: Server,
  { demandDocumentedCodes }: { readonly demandDocumentedCodes: boolean },
): void {
  // In log lines `problem`: what is called `code` is hidden as a secret.
  app.setErrorHandler((thrown: unknown, request, reply) => {
    const error = asAppError(thrown);
    if (isSentAway(error)) noteSentAway(request);
    else if (error.status >= 500)
      request.log.error({ ...idsOf(request), err: thrown, problem: error.code }, "request failed");
    const undocumented = demandDocumentedCodes && !isDocumented(error, request);
    if (undocumented)
      request.log.error({ ...idsOf(request), problem: error.code }, "the contract does not list this code");
    // Nothing is returned: for a reply handed back the framework would wait, by a dozen listeners on it.
    sendProblem(
      undocumented ? common.internal_error({ members: { undocumented: error.code } }) : error,
      request,
      reply,
    );
  });
}

export function sendProblem(error: AppError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const traceId = traceToTell(request, error);
  const ids = { requestId: request.id, ...(traceId === undefined ? {} : { traceId }) };
  const { headers, body } = problemAnswer(error, request.headers["accept-language"], ids);
  return reply.code(error.status).headers(headers).send(body);
}

/** What a refusal is answered with, whoever answers. */
export function problemAnswer(
  error: AppError,
  acceptLanguage: string | undefined,
  { requestId, traceId }: RequestContext,
): { readonly headers: Readonly<Record<string, string>>; readonly body: string } {
  const language = chooseLanguage(acceptLanguage);
  return {
    headers: {
      ...error.headers,
      "content-type": "application/problem+json; charset=utf-8",
      "content-language": language,
      vary: "accept-language",
    },
    body: JSON.stringify(problemOf(error, { language, requestId, traceId })),
  };
}

/**
 * The trace id, where the trace is kept: sampled, or a failure of ours, which is recorded even when sampled out. An id
 * that leads nowhere would send people looking.
 */
function traceToTell(request: FastifyRequest, { status }: AppError): string | undefined {
  return status >= 500 || isTraceKept(request) ? requestContextOf(request).traceId : undefined;
}

/** Infrastructure trouble is never the viewer's fault: whatever calls itself away is a 503. */
function asAppError(thrown: unknown): AppError {
  if (thrown instanceof AppError) return thrown;
  const { code, name } = (typeof thrown === "object" && thrown !== null ? thrown : {}) as {
    code?: unknown;
    name?: unknown;
  };
  const known = typeof code === "string" ? FRAMEWORK[code] : undefined;
  if (known !== undefined) return known({ cause: thrown });
  if (name === "DatabaseAway")
    return common.temporarily_unavailable({ cause: thrown, headers: { "retry-after": "1" } });
  return common.internal_error({ cause: thrown });
}

/** Shedding is counted, not logged: a line with a stack for each request would cost more than the refusal. */
function isSentAway({ status, cause }: AppError): boolean {
  return status === 503 && cause === undefined;
}

function isDocumented(error: AppError, request: FastifyRequest): boolean {
  if (error.code in common) return true;
  return (request.routeOptions.config.refuses ?? []).some(({ code }) => code === error.code);
}
