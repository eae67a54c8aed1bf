import { SecurityEvent, securityEventOf } from "./security-event.ts";

const ISSUER = "https://auth.example";

/** An AsyncAPI 3.0 document of the revocation feed, made from the schema of its events. */
export function feedContract(version: string): object {
  return {
    asyncapi: "3.0.0",
    info: {
      title: "Kinopass Auth: revocations",
      version,
      description:
        "What is dead, and what dies next, for services that verify access tokens without asking: sessions that ended (each by itself, also where an account was signed out everywhere, disabled or erased), roles and ages that changed; and passwords that were chosen, which ends nothing by itself. One HTTP answer of type text/event-stream without an end (WHATWG HTML §9.2); a comment line every five seconds says that there is nothing new. `POST /v1/revocations/poll` (RFC 8936) of the OpenAPI document has the same events, signed, for receivers that poll.",
    },
    defaultContentType: "application/json",
    servers: {
      auth: {
        host: "127.0.0.1:8000",
        protocol: "http",
        description: "Auth of a local stand",
        security: [{ $ref: "#/components/securitySchemes/service_credential" }],
      },
    },
    channels: {
      revocations: {
        address: "/v1/revocations",
        title: "Revocation feed",
        description:
          "First the beginning: `snapshot-begin`, one `revocation` for each that is alive, `snapshot-end`; or, with a cursor that is known, only what came since and the same end. Then one `revocation` for each new one within a second, and `keys` when the signing keys changed. Ids are opaque cursors; they may repeat.",
        servers: [{ $ref: "#/servers/auth" }],
        messages: references("messages", Object.keys(MESSAGES)),
      },
    },
    operations: {
      followRevocations: {
        action: "send",
        channel: { $ref: "#/channels/revocations" },
        summary: "Auth tells every listener what is dead",
        messages: Object.keys(MESSAGES).map((name) => ({ $ref: `#/channels/revocations/messages/${name}` })),
        bindings: {
          http: {
            method: "GET",
            query: {
              type: "object",
              properties: {
                after: {
                  type: "string",
                  pattern: "^\\d{1,19}$",
                  description: "The last `id` that was heard",
                },
              },
            },
            bindingVersion: "0.3.0",
          },
        },
      },
    },
    components: {
      messages: Object.fromEntries(Object.entries(MESSAGES).map(([name, said]) => [name, message(said)])),
      schemas: { SecurityEvent: plain(SecurityEvent), Nothing: { type: "object", maxProperties: 0 } },
      securitySchemes: {
        service_credential: {
          type: "http",
          scheme: "basic",
          description: "Made by `kinopass service add` with the scope `revocations`",
        },
      },
    },
  };
}

interface Said {
  readonly event: string;
  readonly summary: string;
  readonly payload: "SecurityEvent" | "Nothing";
  readonly hasId: boolean;
  readonly examples: readonly { readonly name: string; readonly payload: object }[];
}

const nothing = [{ name: "nothing", payload: {} }];

const MESSAGES: Readonly<Record<string, Said>> = {
  snapshotBegin: {
    event: "snapshot-begin",
    summary: "Everything follows: forget what you knew when the end has come",
    payload: "Nothing",
    hasId: false,
    examples: nothing,
  },
  revocation: {
    event: "revocation",
    summary:
      "A session is dead, or what an account was issued before an instant; or a password was chosen (`credential-change`), which ends nothing by itself",
    payload: "SecurityEvent",
    hasId: true,
    examples: [
      { name: "session ended", payload: example("session-revoked", "01a20491-0ef7-7b3c-9f10-2a6b8c4d5e6f") },
      { name: "password changed", payload: example("credential-change", null) },
      { name: "role or age changed", payload: example("token-claims-change", null) },
    ],
  },
  snapshotEnd: {
    event: "snapshot-end",
    summary: "That was all; its id is the cursor",
    payload: "Nothing",
    hasId: true,
    examples: nothing,
  },
  keys: {
    event: "keys",
    summary: "The signing keys changed: read /.well-known/jwks.json now",
    payload: "Nothing",
    hasId: false,
    examples: nothing,
  },
};

function message({ event, summary, payload, hasId, examples }: Said): object {
  return {
    name: event,
    title: event,
    summary,
    contentType: "application/json",
    headers: {
      type: "object",
      description: "Fields of the server-sent event",
      properties: {
        event: { type: "string", const: event },
        ...(hasId ? { id: { type: "string", description: "Where to resume: `after`" } } : {}),
      },
      required: hasId ? ["event", "id"] : ["event"],
    },
    payload: { $ref: `#/components/schemas/${payload}` },
    examples,
  };
}

function example(event: Parameters<typeof securityEventOf>[0]["event"], session: string | null): object {
  const at = new Date(Date.UTC(2026, 1, 23, 10, 30, 0, 250));
  const row = {
    id: "4711",
    recorded_at: at,
    event,
    account_id: "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f",
    session_id: session,
    issued_before: session === null ? at : null,
    because: "example",
    claims: event === "token-claims-change" ? { roles: ["editor"] } : null,
  };
  const names = { issuer: ISSUER, audience: "kinopass" };
  return securityEventOf(row as Parameters<typeof securityEventOf>[0], names);
}

function references(kind: string, names: readonly string[]): object {
  return Object.fromEntries(names.map((name) => [name, { $ref: `#/components/${kind}/${name}` }]));
}

/** A schema without what only TypeBox reads. */
function plain(schema: object): object {
  return JSON.parse(JSON.stringify(schema)) as object;
}
