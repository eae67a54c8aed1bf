/**
 * A route that is full turns requests away before the framework has seen them. Where a flood asks for ten times what can
 * be done, nine of ten answers are refusals, and what each of them takes of the processor is taken from those who were let
 * in; the framework's own share of a refusal is a third.
 *
 * The answer is the one the framework would give, header by header, and so are its line in the log, its span and its
 * metric. An address with a query, and a caller who brings a trace of his own, are left to the framework.
 */
import {
  createServer,
  type Server as HttpServer,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import { NumberedResponse, openTurnedAway, requestIdOf } from "@kinopass/tracing/fastify";
import type { FastifyBaseLogger, FastifyServerFactory, onRequestHookHandler } from "fastify";
import { problemAnswer } from "./answer-errors.ts";
import type { AppError } from "./refusals.ts";
import { lineOf } from "./request-log.ts";
import { SECURITY_HEADERS } from "./security-headers.ts";
import type { Server } from "./server.ts";

declare module "fastify" {
  interface FastifyContextConfig {
    /** Asked before anything else about a request to this route: the refusal while there is no room for it. */
    readonly room?: () => AppError | undefined;
  }
}

/** Hears of everyone who was turned away before the framework could have told its hooks. */
export type OnTurnedAway = (route: { readonly method: string; readonly url: string }, code: string) => void;

interface Door {
  readonly method: string;
  readonly url: string;
  readonly room: () => AppError | undefined;
}

interface Knock {
  readonly door: Door;
  readonly refusal: AppError;
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
}

export interface GateOptions {
  /** For the lines of requests. */
  readonly lines: FastifyBaseLogger;
  readonly onTurnedAway?: OnTurnedAway | undefined;
}

export class Gate {
  readonly #lines: FastifyBaseLogger;
  readonly #onTurnedAway: OnTurnedAway | undefined;
  /** By path: one method of a path can have room to ask for. */
  readonly #doors = new Map<string, Door>();

  constructor({ lines, onTurnedAway }: GateOptions) {
    this.#lines = lines;
    this.#onTurnedAway = onTurnedAway;
  }

  /** Fastify's `serverFactory`: what Fastify itself would make, behind the gate. */
  readonly server: FastifyServerFactory<HttpServer> = (handle, options) => {
    const http = { ...(options["http"] as object), ServerResponse: NumberedResponse };
    const server = createServer(http, (message, response) => {
      const door = this.#doors.get(message.url ?? "");
      const refusal = door === undefined ? undefined : refusalOf(door, message);
      if (door === undefined || refusal === undefined) handle(message, response);
      else this.#turnAway({ door, refusal, message, response });
    });
    server.keepAliveTimeout = options["keepAliveTimeout"] as number;
    server.requestTimeout = options["requestTimeout"] as number;
    server.setTimeout(options["connectionTimeout"] as number);
    server.maxRequestsPerSocket = options["maxRequestsPerSocket"] as number;
    return server;
  };

  /** Learns the routes, and has them ask those of their requests that came by another way. */
  guard(app: Server): void {
    app.addHook("onRoute", (route) => {
      const { method, url, config, onRequest = [] } = route;
      const room = config?.room;
      if (room === undefined || typeof method !== "string") return;
      this.#doors.set(url, { method, url, room });
      const ask: onRequestHookHandler = (_request, _reply, done) => done(room());
      route.onRequest = [ask, ...(Array.isArray(onRequest) ? onRequest : [onRequest])];
    });
  }

  #turnAway({ door: { method, url }, refusal, message, response }: Knock): void {
    const began = performance.now();
    const requestId = requestIdOf(message);
    const visit = openTurnedAway({ message, response, requestId, route: url });
    const ids = { requestId, ...(visit.traceId === undefined ? {} : { traceId: visit.traceId }) };
    const { status, code } = refusal;
    const { headers, body } = problemAnswer(refusal, message.headers["accept-language"], ids);
    const length = { "content-length": Buffer.byteLength(body) };
    response.writeHead(status, { "x-request-id": requestId, ...SECURITY_HEADERS, ...headers, ...length });
    response.end(body);
    visit.answered(refusal);
    const line = lineOf(ids, { method, route: url, status, ms: performance.now() - began });
    this.#lines.info(line, "request");
    this.#onTurnedAway?.({ method, url }, code);
  }
}

/** What a caller's own trace means only the framework can judge: whether it comes from a network that is trusted. */
function refusalOf({ method, room }: Door, message: IncomingMessage): AppError | undefined {
  return message.method === method && message.headers["traceparent"] === undefined ? room() : undefined;
}
