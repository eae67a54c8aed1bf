import { Type } from "typebox";

const tags = ["for services"];
const security = [{ service_credential: [] }];

export const followSchema = {
  operationId: "followRevocations",
  summary: "Everything that is dead, and what dies next",
  description:
    "text/event-stream: `snapshot-begin`, live revocations as RFC 8417 security events (CAEP 1.0 types), `snapshot-end`, then each new one within a second. `keys` means: read the JWKS now. With `after` only what is missing is sent. A comment every five seconds says that there is nothing new. docs/guard.md has the format, packages/contract the AsyncAPI document.",
  tags,
  security,
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
};

export const pollSchema = {
  operationId: "pollRevocations",
  summary: "The same events for receivers that poll (RFC 8936)",
  description:
    "Signed security event tokens (RFC 8417), each until it is acknowledged by its `jti` or refused in `setErrs`. Where there is none, waits for one for up to 20 seconds, unless `returnImmediately` is true or `maxEvents` is 0.",
  tags,
  security,
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
};
