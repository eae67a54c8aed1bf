import type { FastifyPluginAsync, FastifyReply, FastifyRequest } from "fastify";
import fastifyPlugin from "fastify-plugin";
import { CidrSet } from "./address.ts";
import { clientAddress } from "./client-address.ts";
import type { Ask, Decision, Refused } from "./decision.ts";
import { limitHeaders } from "./headers.ts";
import type { Limiter } from "./limiter.ts";

/** A route's own limits, in its `config.limit`; `false` puts the route outside (health, JWKS). */
export interface RouteLimit {
  readonly class: string;
  /** Tokens a request of this route costs; the class's own cost if left out. */
  readonly cost?: number;
  /** The account or identifier aimed at, read from the validated request. Moves the decision behind the body. */
  readonly account?: (request: FastifyRequest) => string | undefined;
  /** The name for the class's `key` bucket, read from the validated request. Moves the decision behind the body. */
  readonly key?: (request: FastifyRequest) => string | undefined;
}

export interface LimitsOptions {
  readonly limiter: Limiter;
  /** CIDR ranges of the proxies whose X-Forwarded-For is believed. Empty: the connection's own address counts. */
  readonly trustedProxies: readonly string[];
  /**
   * Turns a refusal into the error the service answers with, e.g. problem+json with status 429 and code
   * `rate_limited`. The fields RateLimit, RateLimit-Policy and Retry-After are already set on the reply.
   */
  readonly refuse: (request: FastifyRequest, refusal: Refused) => Error;
  /** Who is calling, where an earlier onRequest hook knows it. */
  readonly account?: (request: FastifyRequest) => string | undefined;
}

declare module "fastify" {
  interface FastifyContextConfig {
    limit?: RouteLimit | false;
  }
  interface FastifyRequest {
    /** The client's address: right-most hop that is not a trusted proxy. "unknown" if it cannot be told. */
    clientAddress: string;
    /** How the limiter decided this request; null outside the limits and before the decision. */
    limitDecision: Decision | null;
  }
}

type Done = (error?: Error) => void;

const register: FastifyPluginAsync<LimitsOptions> = async (app, options) => {
  const { limiter, refuse } = options;
  const trusted = new CidrSet(options.trustedProxies);
  app.decorateRequest("clientAddress", "unknown");
  app.decorateRequest("limitDecision", null);

  app.addHook("onRoute", ({ config, method, url }) => {
    const limit = config?.limit;
    if (limit !== undefined && limit !== false && !Object.hasOwn(limiter.policies.classes, limit.class)) {
      throw new RangeError(
        `${String(method)} ${url} names an unknown limit class ${JSON.stringify(limit.class)}`,
      );
    }
  });

  app.addHook("onRequest", (request, reply, done) => {
    const forwarded = request.headers["x-forwarded-for"];
    request.clientAddress = clientAddress(
      request.raw.socket.remoteAddress,
      Array.isArray(forwarded) ? forwarded.join(",") : forwarded,
      trusted,
    );
    const limit = limitOf(request);
    if (limit === false) return done();
    const ask = askOf(request, limit, options.account?.(request));
    if (!waitsForBody(limit)) return decide(request, reply, ask, done);
    // The body is not read for somebody who will be refused whatever it says.
    const known = limiter.known(ask);
    done(known === undefined ? undefined : answer(request, reply, known));
  });

  app.addHook("preHandler", (request, reply, done) => {
    const limit = limitOf(request);
    if (limit === false || !waitsForBody(limit)) return done();
    const account = limit?.account?.(request) ?? options.account?.(request);
    decide(request, reply, askOf(request, limit, account, limit?.key?.(request)), done);
  });

  // A body that failed validation never came to the decision, and must not be free for that.
  app.addHook("onResponse", (request, _reply, done) => {
    if (request.limitDecision !== null) return done();
    const limit = limitOf(request);
    if (limit === false || !waitsForBody(limit)) return done();
    limiter.decide(askOf(request, limit, options.account?.(request))).then(() => done(), done);
  });

  /** Hooks that call back rather than promise: most requests pass several of them. */
  function decide(request: FastifyRequest, reply: FastifyReply, ask: Ask, done: Done): void {
    limiter.decide(ask).then((decision) => done(answer(request, reply, decision)), done);
  }

  /** The error to be thrown where the decision is a refusal. */
  function answer(request: FastifyRequest, reply: FastifyReply, decision: Decision): Error | undefined {
    request.limitDecision = decision;
    reply.headers(limitHeaders(decision));
    return decision.kind === "refused" ? refuse(request, decision) : undefined;
  }

  function askOf(
    request: FastifyRequest,
    limit: RouteLimit | undefined,
    account?: string,
    key?: string,
  ): Ask {
    const className = limit?.class ?? limiter.policies.defaultClass;
    return { class: className, address: request.clientAddress, account, key, cost: limit?.cost };
  }
};

function limitOf(request: FastifyRequest): RouteLimit | false | undefined {
  // Unknown paths have no config of their own and are counted in the default class.
  return request.routeOptions.config?.limit;
}

function waitsForBody(limit: RouteLimit | undefined): boolean {
  return limit?.account !== undefined || limit?.key !== undefined;
}

/**
 * Limits for a Fastify 5 service. Register it before the routes. Routes name their class in `config.limit`; those
 * that name none belong to the default class, so that a forgotten route is a limited one.
 */
export const limits = fastifyPlugin(register, { fastify: "5.x", name: "@kinopass/limiter" });
