import type { IncomingMessage, ServerResponse } from "node:http";
import type { Caller } from "./caller.ts";
import type { Admission, Guard } from "./guard.ts";
import { authorizationOf, headersFor } from "./http-headers.ts";
import type { Policy } from "./policy.ts";
import { addVary, PRIVATE, problemBody } from "./problem-answer.ts";
import { type GuardRefusal, refusalOf } from "./refusals.ts";

export interface GuardMiddlewareOptions {
  /** Answers a refusal; left out, the guard answers an RFC 9457 problem. */
  readonly refuse?: (refusal: GuardRefusal, request: IncomingMessage, response: ServerResponse) => void;
}

/** Takes the request on; with an argument, the error. As in Express and Connect. */
export type Next = (error?: unknown) => void;

const callers = new WeakMap<IncomingMessage, Caller>();

/**
 * One policy as a middleware: `app.get("/films", guarded(guard, open), handler)`, or, on plain node:http,
 * `guarded(guard, member)(request, response, () => …)`. `next` is called only for those the policy lets in.
 */
export function guarded(guard: Guard, policy: Policy, { refuse = answer }: GuardMiddlewareOptions = {}) {
  return (request: IncomingMessage, response: ServerResponse, next: Next): void => {
    const apply = ({ caller, decision }: Admission) => {
      callers.set(request, caller);
      for (const [name, value] of Object.entries(headersFor(caller))) response.setHeader(name, value);
      addVary(response.getHeader("vary"), (vary) => response.setHeader("vary", vary));
      if (caller.kind !== "guest" && !response.hasHeader("cache-control"))
        response.setHeader("cache-control", PRIVATE);
      if (decision.allow) return next();
      refuse(refusalOf(decision.code, decision.retryAfter), request, response);
    };
    const authorization = authorizationOf(request);
    const admission = guard.admit(policy, { authorization, method: request.method ?? "" });
    if (admission instanceof Promise) admission.then(apply, next);
    else apply(admission);
  };
}

/**
 * Who is calling.
 *
 * @throws Error if no `guarded` middleware has let the request through: a route without a policy is a mistake.
 */
export function callerOf(request: IncomingMessage): Caller {
  const caller = callers.get(request);
  if (caller === undefined) throw new Error("this request has not passed the guard");
  return caller;
}

function answer(refusal: GuardRefusal, request: IncomingMessage, response: ServerResponse): void {
  const body = JSON.stringify(problemBody(refusal, request.headers["accept-language"]));
  response.writeHead(refusal.status, {
    ...refusal.headers,
    "content-type": "application/problem+json; charset=utf-8",
    "content-length": Buffer.byteLength(body),
  });
  response.end(body);
}
