import type { IncomingMessage, ServerResponse } from "node:http";
import { isMetering } from "./meter.ts";
import { requestCounted } from "./request-metrics.ts";
import { openServerSpan, type ServerSpan, type SpannedReply, type SpannedRequest } from "./server-span.ts";
import { activeTracer } from "./tracer.ts";

/** A request that is answered before the framework has seen it. */
export interface TurnedAway {
  readonly message: IncomingMessage;
  readonly response: ServerResponse;
  readonly requestId: string;
  /** The template of the route it was for; undefined where it had none. */
  readonly route: string | undefined;
}

export interface TurnedAwayVisit {
  /** To be told to the caller. */
  readonly traceId: string | undefined;
  /** To be called once the answer has been written. */
  answered(error: unknown): void;
}

/**
 * Span and metric of such a request: those of one that the framework answered, but for the host's name and the scheme,
 * which are the connection's and not what a proxy tells. A caller's trace is not continued; whoever brings one, let the
 * framework judge him.
 */
export function openTurnedAway(given: TurnedAway): TurnedAwayVisit {
  const tracer = activeTracer();
  if (tracer === undefined && !isMetering()) return UNSEEN;
  const startedAt = performance.now();
  const request = seen(given);
  const route = { url: given.route, config: {} };
  const span =
    tracer === undefined ? undefined : openServerSpan(tracer, { request, route, trust: nobody, startedAt });
  return {
    traceId: span?.traceId,
    answered: (error) => {
      const reply = { raw: given.response, statusCode: given.response.statusCode };
      if (span !== undefined) end(span, error, reply);
      if (isMetering()) requestCounted({ request, route, reply }, (performance.now() - startedAt) / 1000);
    },
  };
}

const UNSEEN: TurnedAwayVisit = { traceId: undefined, answered: () => undefined };

const nobody = () => false;

function end(span: ServerSpan, error: unknown, reply: SpannedReply): void {
  span.failed(error, reply);
  span.answered?.(reply);
  span.end?.(reply);
}

function seen({ message, requestId }: TurnedAway): SpannedRequest {
  return {
    id: requestId,
    method: message.method ?? "",
    headers: message.headers,
    ip: "",
    hostname: (message.headers.host ?? "").replace(/:\d+$/, ""),
    protocol: "encrypted" in message.socket ? "https" : "http",
    raw: message,
  };
}
