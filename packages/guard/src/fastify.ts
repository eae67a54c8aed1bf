import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import fp from "fastify-plugin";
import { type Caller, guest } from "./caller.ts";
import type { Admission, Guard } from "./guard.ts";
import { authorizationOf, headersFor } from "./http-headers.ts";
import type { Policy } from "./policy.ts";
import { addVary, PRIVATE, problemBody } from "./problem-answer.ts";
import { type GuardRefusal, refusalOf } from "./refusals.ts";

declare module "fastify" {
  interface FastifyRequest {
    /** Who is calling, as the route's policy lets the handler see it. */
    readonly caller: Caller;
  }
  interface FastifyContextConfig {
    /** Who may use the route. */
    readonly policy?: Policy;
  }
}

export interface GuardPluginOptions {
  readonly guard: Guard;
  /** For routes that name none. Left out, such a route keeps the service from starting: missing means no. */
  readonly defaultPolicy?: Policy;
  /**
   * Answers a refusal the way the service answers its own, usually by throwing. Left out, the guard
   * answers an RFC 9457 problem itself.
   */
  readonly refuse?: (refusal: GuardRefusal, request: FastifyRequest, reply: FastifyReply) => unknown;
  /** For traces: called once a request, before the policy is applied to the answer. */
  readonly onCaller?: (caller: Caller, request: FastifyRequest) => void;
}

async function plugin(app: FastifyInstance, options: GuardPluginOptions): Promise<void> {
  const { guard, defaultPolicy } = options;
  const nobody = guest("no_token", "stale");
  app.decorateRequest("caller");

  app.addHook("onRoute", ({ config, method, url }) => {
    if (config?.policy === undefined && defaultPolicy === undefined) {
      throw new Error(
        `${String(method)} ${url} names no policy: add config: { policy: open } or a stricter one`,
      );
    }
  });

  app.addHook("onRequest", (request, reply, done) => {
    // A path that leads nowhere has nothing to protect, and no policy.
    if (request.is404) {
      setCaller(request, nobody);
      return done();
    }
    const policy = request.routeOptions.config.policy ?? defaultPolicy;
    if (policy === undefined) return done(new Error("a route without a policy was reached"));
    const admission = guard.admit(policy, {
      authorization: authorizationOf(request.raw),
      method: request.method,
    });
    if (!(admission instanceof Promise)) return apply(admission, options, request, reply, done);
    admission.then((late) => apply(late, options, request, reply, done), done);
  });

  app.addHook("onSend", (request, reply, _payload, done) => {
    if (request.is404) return done();
    addVary(reply.getHeader("vary"), (vary) => reply.header("vary", vary));
    // A request that an earlier hook sent away (shed, limited, malformed) never got a caller.
    const caller = request.caller as Caller | undefined;
    if (caller === undefined || caller.kind === "guest") return done();
    // What was made for one viewer must not be kept for another, unless the service knows better.
    if (!reply.hasHeader("cache-control")) reply.header("cache-control", PRIVATE);
    done();
  });

  app.addHook("onClose", () => guard.stop());
}

function apply(
  admission: Admission,
  options: GuardPluginOptions,
  request: FastifyRequest,
  reply: FastifyReply,
  done: (error?: Error) => void,
): void {
  let admitted: boolean;
  try {
    admitted = admit(admission, options, request, reply);
  } catch (error) {
    done(error as Error);
    return;
  }
  if (admitted) done();
}

function admit(
  { caller, decision }: Admission,
  { refuse, onCaller }: GuardPluginOptions,
  request: FastifyRequest,
  reply: FastifyReply,
): boolean {
  setCaller(request, caller);
  onCaller?.(caller, request);
  reply.headers(headersFor(caller));
  if (decision.allow) return true;
  const refusal = refusalOf(decision.code, decision.retryAfter);
  if (refuse !== undefined) {
    refuse(refusal, request, reply);
    return false;
  }
  reply.code(refusal.status).headers(refusal.headers).type("application/problem+json; charset=utf-8");
  reply.send(JSON.stringify(problemBody(refusal, request.headers["accept-language"], request.id)));
  return false;
}

/** Read-only for everybody else. */
function setCaller(request: FastifyRequest, caller: Caller): void {
  (request as { caller: Caller }).caller = caller;
}

/** Adds `request.caller` and applies the policy in each route's config. Stops the guard when the app closes. */
export const guardPlugin = fp(plugin, { fastify: "5.x", name: "@kinopass/guard" });
