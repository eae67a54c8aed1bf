import { randomBytes } from "node:crypto";
import type { TypeBoxTypeProvider } from "@fastify/type-provider-typebox";
import { requestIds } from "@kinopass/tracing";
import { tracing } from "@kinopass/tracing/fastify";
import Fastify, {
  type FastifyBaseLogger,
  type FastifyInstance,
  LogController,
  type RawReplyDefaultExpression,
  type RawRequestDefaultExpression,
  type RawServerDefault,
} from "fastify";
import { answerErrors } from "./answer-errors.ts";
import { answerBeforeRouting } from "./before-routing.ts";
import { readBodies } from "./bodies.ts";
import { closedPaths } from "./closed-paths.ts";
import { common } from "./common-refusals.ts";
import { Gate, type OnTurnedAway } from "./gate.ts";
import { harmlessLines } from "./logger.ts";
import { logRequests } from "./request-log.ts";
import { securityHeaders } from "./security-headers.ts";
import { type SheddingOptions, shedWhenLate } from "./shedding.ts";
import { strictValidation } from "./validation.ts";

export type Server = FastifyInstance<
  RawServerDefault,
  RawRequestDefaultExpression,
  RawReplyDefaultExpression,
  FastifyBaseLogger,
  TypeBoxTypeProvider
>;

export interface ServerOptions {
  readonly logger: FastifyBaseLogger;
  readonly now: () => Date;
  /** Address ranges of the proxies in front of us; only they may say who the client is. */
  readonly trustedProxies: readonly string[];
  /** Address ranges whose traceparent is continued rather than linked. */
  readonly trustedTraceNetworks?: readonly string[];
  readonly bodyLimitBytes?: number;
  /** Fails answers whose refusal code the contract does not list. On in tests. */
  readonly demandDocumentedCodes?: boolean;
  /** Sends the least needed requests away while the event loop is late; false for none of that. */
  readonly shedding?: SheddingOptions | false;
  /** Hears of everyone whom a route without `room` for him turned away before any hook could see him. */
  readonly onTurnedAway?: OnTurnedAway;
  /** Milliseconds a client may take for its headers, and for the whole request; 10 000 and 30 000 by default. */
  readonly patience?: { readonly headersMs: number; readonly requestMs: number };
}

/** Limits on what a connection may cost; no library default is left unthought (ASVS 13.1.3). */
const LIMITS = {
  bodyBytes: 64 * 1024,
  headersMs: 10_000,
  requestMs: 30_000,
  idleMs: 30_000,
  keepAliveMs: 65_000,
  checkingMs: 2_000,
  maxParamLength: 512,
  maxRequestsPerSocket: 10_000,
} as const;

/** A Fastify server with the manners that every Kinopass service shares. Knows no capability. */
export async function createServer(options: ServerOptions): Promise<Server> {
  const { headersMs, requestMs } = options.patience ?? LIMITS;
  const { logger, onTurnedAway } = options;
  const lines = harmlessLines(logger);
  const gate = new Gate({ lines, onTurnedAway });
  const app = Fastify({
    serverFactory: gate.server,
    loggerInstance: logger,
    // The logger adds the ids to every line by itself, also to those that are not written through the request.
    childLoggerFactory: (logger) => logger,
    logController: new LogController({ disableRequestLogging: true }),
    bodyLimit: options.bodyLimitBytes ?? LIMITS.bodyBytes,
    connectionTimeout: LIMITS.idleMs,
    requestTimeout: requestMs,
    keepAliveTimeout: LIMITS.keepAliveMs,
    maxRequestsPerSocket: LIMITS.maxRequestsPerSocket,
    http: {
      headersTimeout: headersMs,
      maxHeaderSize: 16 * 1024,
      connectionsCheckingInterval: Math.min(LIMITS.checkingMs, headersMs),
    },
    routerOptions: { maxParamLength: LIMITS.maxParamLength, ignoreTrailingSlash: false, caseSensitive: true },
    trustProxy: options.trustedProxies.length > 0 ? [...options.trustedProxies] : false,
    forceCloseConnections: "idle",
    // Whoever still has a connection is served while the process drains, and told that it was the last request on it.
    return503OnClosing: false,
    frameworkErrors: (error, request, reply) =>
      answerBeforeRouting(app, lines, { error, request, reply } as never),
  }).withTypeProvider<TypeBoxTypeProvider>() as unknown as Server;

  strictValidation(app);
  readBodies(app);
  await app.register(tracing, {
    makeRequestId: requestIds(options.now, randomBytes),
    trustedNetworks: options.trustedTraceNetworks ?? [],
  });
  securityHeaders(app);
  logRequests(app, lines);
  answerErrors(app, { demandDocumentedCodes: options.demandDocumentedCodes ?? false });
  refuseAmbiguousRequests(app);
  gate.guard(app);
  if (options.shedding !== false) shedWhenLate(app, options.shedding);
  closedPaths(app);
  return app;
}

/**
 * Node answers a request with two Host headers or an absolute target; a proxy in front may read
 * them otherwise (RFC 9112 §3.2: such a request is answered with 400).
 */
function refuseAmbiguousRequests(app: Server): void {
  app.addHook("onRequest", ({ raw: { rawHeaders, url = "" } }, _reply, done) => {
    let hosts = 0;
    for (let at = 0; at < rawHeaders.length; at += 2)
      if (rawHeaders[at]?.length === 4 && rawHeaders[at]?.toLowerCase() === "host") hosts += 1;
    if (hosts !== 1 || !url.startsWith("/")) done(common.invalid_request());
    else done();
  });
}
