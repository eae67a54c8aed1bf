import { refusals, type Server } from "@kinopass/http";
import type { FastifyRequest } from "fastify";
import { eventStream } from "./event-stream.ts";
import type { RevocationFeed } from "./feed.ts";
import type { Polling } from "./polling.ts";
import { followSchema, pollSchema } from "./schemas.ts";

/** How a service of the cinema proves who it is; the introspection capability offers it. */
export interface ServiceCallers {
  demand(request: FastifyRequest, scope: "revocations"): Promise<{ readonly id: string }>;
}

interface Dependencies {
  readonly feed: RevocationFeed;
  readonly polling: Polling;
  readonly services: ServiceCallers;
  /** Refusals of a missing or wrong service credential. */
  readonly credentialRefusals: readonly ReturnType<typeof refusals>[string][];
  readonly issuer: string;
  readonly audience: string;
}

interface RouteConfig {
  readonly limit: { readonly class: "admin" };
  readonly refuses: readonly ReturnType<typeof refusals>[string][];
}

const refuse = refusals({
  feed_not_ready: {
    status: 503,
    title: {
      en: "The feed does not know everything yet; connect again",
      ru: "Лента ещё не всё знает, подключитесь снова",
    },
  },
});

/** Of errors that a receiver reports, in one log line. */
const MOST_TOLD = 5;

export function revocationRoutes(app: Server, dependencies: Dependencies): void {
  const config: RouteConfig = {
    limit: { class: "admin" },
    refuses: [...dependencies.credentialRefusals, refuse.feed_not_ready],
  };
  followRoute(app, config, dependencies);
  pollRoute(app, config, dependencies);
}

function followRoute(
  app: Server,
  config: RouteConfig,
  { feed, services, issuer, audience }: Dependencies,
): void {
  const open = new Set<ReturnType<typeof eventStream>>();
  // A stream never ends by itself: before the server drains, listeners are sent to another replica.
  app.addHook("preClose", async () => {
    for (const stream of open) stream.push(null);
  });

  app.get("/v1/revocations", { config, schema: followSchema }, async (request, reply) => {
    await services.demand(request, "revocations");
    demandFresh(feed);
    const stream = eventStream(feed, request.query.after, { issuer, audience });
    open.add(stream);
    stream.once("close", () => open.delete(stream));
    return reply
      .headers({ "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" })
      .send(stream as never);
  });
}

function pollRoute(app: Server, config: RouteConfig, { feed, polling, services }: Dependencies): void {
  app.addHook("preClose", async () => polling.close());

  app.post("/v1/revocations/poll", { config, schema: pollSchema }, async (request, reply) => {
    const { id } = await services.demand(request, "revocations");
    demandFresh(feed);
    const { setErrs = {}, maxEvents, ack = [], returnImmediately = false } = request.body;
    const refused = Object.keys(setErrs);
    if (refused.length > 0) tellErrors(request, id, setErrs);
    const gone = new AbortController();
    reply.raw.once("close", () => gone.abort());
    return await polling.poll(id, {
      done: [...ack, ...refused],
      ...(maxEvents === undefined ? {} : { maxEvents }),
      ...(returnImmediately ? {} : { wait: gone.signal }),
    });
  });
}

function demandFresh(feed: RevocationFeed): void {
  if (!feed.isFresh) throw refuse.feed_not_ready({ headers: { "retry-after": "1" } });
}

function tellErrors(
  request: FastifyRequest,
  service: string,
  setErrs: Readonly<Record<string, unknown>>,
): void {
  const told = Object.entries(setErrs);
  request.log.warn(
    { service, refused: told.length, first: told.slice(0, MOST_TOLD) },
    "a receiver could not read security events",
  );
}
