import { refusals, type Server } from "@kinopass/http";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { eventStream } from "./event-stream.ts";
import type { RevocationFeed } from "./feed.ts";
import type { Polling } from "./polling.ts";

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

export function revocationRoutes(
  app: Server,
  { feed, polling, services, credentialRefusals, issuer, audience }: Dependencies,
): void {
  const refuses = [...credentialRefusals, refuse.feed_not_ready];
  const open = new Set<ReturnType<typeof eventStream>>();
  // A stream never ends by itself: before the server drains, listeners are sent to another replica.
  app.addHook("preClose", async () => {
    for (const stream of open) stream.push(null);
    polling.close();
  });

  app.get(
    "/v1/revocations",
    {
      config: { limit: { class: "admin" }, refuses },
      schema: {
        operationId: "followRevocations",
        summary: "Everything that is dead, and what dies next",
        description:
          "text/event-stream: `snapshot-begin`, live revocations as RFC 8417 security events (CAEP 1.0 types), `snapshot-end`, then each new one within a second. `keys` means: read the JWKS now. With `after` only what is missing is sent. A comment every five seconds says that there is nothing new. docs/guard.md has the format, packages/contract the AsyncAPI document.",
        tags: ["for services"],
        security: [{ service_credential: [] }],
        querystring: Type.Object({
          after: Type.Optional(
            Type.String({
              pattern: "^\\d{1,19}$",
              description: "The last `id` that was heard",
              examples: ["4711"],
            }),
          ),
        }),
        produces: ["text/event-stream"],
        response: {
          200: {
            description: "An endless stream of events",
            content: {
              "text/event-stream": {
                schema: Type.String({ examples: ["event: snapshot-end\ndata: {}\n\n"] }),
              },
            },
          },
        },
      },
    },
    async (request, reply) => {
      await services.demand(request, "revocations");
      if (!feed.isFresh) throw refuse.feed_not_ready({ headers: { "retry-after": "1" } });
      const stream = eventStream(feed, request.query.after, { issuer, audience });
      open.add(stream);
      stream.once("close", () => open.delete(stream));
      return reply
        .headers({ "content-type": "text/event-stream; charset=utf-8", "x-accel-buffering": "no" })
        .send(stream as never);
    },
  );

  app.post(
    "/v1/revocations/poll",
    {
      config: { limit: { class: "admin" }, refuses },
      schema: {
        operationId: "pollRevocations",
        summary: "The same events for receivers that poll (RFC 8936)",
        description:
          "Signed security event tokens (RFC 8417), each until it is acknowledged by its `jti` or refused in `setErrs`. Where there is none, waits for one for up to 20 seconds, unless `returnImmediately` is true or `maxEvents` is 0.",
        tags: ["for services"],
        security: [{ service_credential: [] }],
        body: Type.Object(
          {
            maxEvents: Type.Optional(
              Type.Integer({
                minimum: 0,
                maximum: 1_000_000,
                description: "More than 500 are never sent at once",
              }),
            ),
            returnImmediately: Type.Optional(Type.Boolean()),
            ack: Type.Optional(Type.Array(Type.String({ maxLength: 64 }), { maxItems: 2_000 })),
            setErrs: Type.Optional(
              Type.Record(
                Type.String({ maxLength: 64 }),
                Type.Object({
                  err: Type.String({ maxLength: 100 }),
                  description: Type.Optional(Type.String({ maxLength: 500 })),
                }),
                { maxProperties: 500 },
              ),
            ),
          },
          { examples: [{ maxEvents: 100, ack: ["rev-4711"] }] },
        ),
        response: {
          200: Type.Object(
            { sets: Type.Record(Type.String(), Type.String()), moreAvailable: Type.Boolean() },
            {
              examples: [
                {
                  sets: {
                    "rev-4712": "eyJhbGciOiJFZERTQSIsInR5cCI6InNlY2V2ZW50K2p3dCJ9.eyJpc3MiOiIuLi4ifQ.c2ln",
                  },
                  moreAvailable: false,
                },
              ],
            },
          ),
        },
      },
    },
    async (request, reply) => {
      const { id } = await services.demand(request, "revocations");
      if (!feed.isFresh) throw refuse.feed_not_ready({ headers: { "retry-after": "1" } });
      const { setErrs = {}, maxEvents, ack = [], returnImmediately = false } = request.body;
      const refused = Object.keys(setErrs);
      if (refused.length > 0)
        request.log.warn(
          { service: id, refused: refused.length, first: Object.entries(setErrs).slice(0, MOST_TOLD) },
          "a receiver could not read security events",
        );
      const gone = new AbortController();
      reply.raw.once("close", () => gone.abort());
      return await polling.poll(id, {
        done: [...ack, ...refused],
        ...(maxEvents === undefined ? {} : { maxEvents }),
        ...(returnImmediately ? {} : { wait: gone.signal }),
      });
    },
  );
}
