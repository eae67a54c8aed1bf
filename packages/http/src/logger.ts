import { once } from "node:events";
import { activeTraceId, currentRequest } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import { pino } from "pino";

/** Whatever bears one of these names is not written, wherever it stands (ASVS 16.2.5). */
const SECRET_FIELDS = [
  "password",
  "new_password",
  "current_password",
  "refresh_token",
  "access_token",
  "code",
  "authorization",
  "cookie",
  "captcha_pass",
  "answer",
];

const outputs = new WeakMap<FastifyBaseLogger, ReturnType<typeof pino.destination>>();

/**
 * JSON lines on standard output. Written through a bounded buffer without waiting, so that a reader
 * that stopped reading cannot freeze the service.
 */
export function createLogger({ level, service }: { level: string; service: string }): FastifyBaseLogger {
  const output = pino.destination({ dest: 1, sync: false, minLength: 0, maxLength: 4 * 1024 * 1024 });
  const logger = pino(
    {
      level,
      base: { service },
      timestamp: pino.stdTimeFunctions.isoTime,
      formatters: { level: (label) => ({ level: label }) },
      redact: {
        paths: SECRET_FIELDS.flatMap((field) => [field, `*.${field}`, `req.headers.${field}`]),
        censor: "[hidden]",
      },
      serializers: { err: describeError },
      mixin: (line) => {
        // A request's own line brings its ids.
        if ("request_id" in line) return {};
        const requestId = currentRequest()?.requestId;
        // Of the active span: background work logs the trace of its own.
        const traceId = activeTraceId();
        return {
          ...(requestId === undefined ? {} : { request_id: requestId }),
          ...(traceId === undefined ? {} : { trace_id: traceId }),
        };
      },
    },
    output,
  ) as unknown as FastifyBaseLogger;
  outputs.set(logger, output);
  // Whoever read it has gone, or its disk is full: no reason for the service to end.
  output.on("error", () => outputs.delete(logger));
  return logger;
}

/**
 * The same log for lines whose fields are all ours and harmless, as a request's own are. Nothing is hidden in them: to look
 * for it in every field costs more than twice the rest of a line.
 */
export function harmlessLines(logger: FastifyBaseLogger): FastifyBaseLogger {
  return logger.child({}, { redact: [] });
}

/** Resolves when every line is written, or none can be any more; never while somebody has our log and does not read it. */
export async function lastLinesOf(logger: FastifyBaseLogger): Promise<void> {
  const output = outputs.get(logger);
  if (output === undefined) return;
  const closed = once(output, "close");
  output.end();
  await closed;
}

/** Errors with their causes, without the values that drivers attach to them (a row may hold an e-mail). */
function describeError(error: unknown): object {
  if (!(error instanceof Error)) return { message: String(error) };
  const { code, sqlState, constraint } = error as {
    code?: unknown;
    sqlState?: unknown;
    constraint?: unknown;
  };
  return {
    type: error.name,
    message: error.message,
    // Not as `code`: that name is also a secret's, and would be hidden.
    ...(typeof code === "string" ? { error_code: code } : {}),
    ...(typeof sqlState === "string" ? { sql_state: sqlState } : {}),
    ...(typeof constraint === "string" ? { constraint } : {}),
    stack: error.stack,
    ...(error.cause === undefined ? {} : { cause: describeError(error.cause) }),
  };
}
