import { pageOf, type Server } from "@kinopass/http";
import type { FastifyRequest } from "fastify";
import { Type } from "typebox";
import { type Authenticate, memberRefusals, memberSecurity } from "../http/authenticate.ts";
import { clientOf } from "../http/client.ts";
import { VISIBLE_PATTERN } from "../http/visible-text.ts";
import { type SessionId, UUID_PATTERN } from "../ids.ts";
import type { SessionRow } from "./queries.ts";
import type { RefreshClaims } from "./refresh-token.ts";
import { showTokens, TokensSchema } from "./schemas.ts";
import { refuse, type Sessions } from "./sessions.ts";
import type { Leaver, SigningOut } from "./signing-out.ts";

interface Dependencies {
  readonly sessions: Sessions;
  readonly authenticate: Authenticate;
  readonly signingOut: SigningOut;
}

const SessionParams = Type.Object({
  id: Type.String({ pattern: UUID_PATTERN, examples: ["0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f"] }),
});

const Session = Type.Object({
  id: Type.String(),
  current: Type.Boolean({ description: "The session that asks" }),
  device: Type.Object({ name: Type.Union([Type.String(), Type.Null()]), kind: Type.String() }),
  door: Type.String({
    description: "How the person signed in: password, sign_up, password_reset, pairing, social:vk …",
  }),
  age_ceiling: Type.Union([Type.Integer(), Type.Null()], {
    description: "Set for a device that may be given less than its owner's age allows",
  }),
  address: Type.Union([Type.String(), Type.Null()]),
  created_at: Type.String({ format: "date-time" }),
  last_used_at: Type.String({ format: "date-time" }),
  expires_at: Type.String({ format: "date-time" }),
});

const EXAMPLE = {
  id: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
  current: true,
  device: { name: "Living-room TV", kind: "tv" },
  door: "password",
  age_ceiling: null,
  address: "203.0.113.7",
  created_at: "2026-03-01T12:00:00.000Z",
  last_used_at: "2026-03-01T12:30:00.000Z",
  expires_at: "2026-08-28T12:00:00.000Z",
};

const tags = ["sessions"];
const security = memberSecurity;

/** The limiter asks whose token it is before the route does; a MAC is checked once for both. */
function tokenReader(sessions: Sessions): (body: { refresh_token: string }) => RefreshClaims | undefined {
  const known = new WeakMap<object, RefreshClaims | "not ours">();
  return (body) => {
    const claims = known.get(body) ?? sessions.readRefreshToken(body.refresh_token) ?? "not ours";
    known.set(body, claims);
    return claims === "not ours" ? undefined : claims;
  };
}

const limit = { class: "reads" } as const;
/** Signing out is kept as long as staying signed in. */
const priority = "high";

export function sessionRoutes(app: Server, given: Dependencies): void {
  refreshRoute(app, given);
  deviceRoutes(app, given);
  signOutRoutes(app, given);
  signOutEverywhereRoute(app, given);
}

function refreshRoute(app: Server, { sessions }: Dependencies): void {
  const claimsOf = tokenReader(sessions);
  app.post(
    "/v1/sessions/refresh",
    {
      config: {
        // A forged token names nobody: it is counted by where it came from alone.
        limit: {
          class: "refresh",
          account: ({ body }) => claimsOf(body as { refresh_token: string })?.sessionId,
        },
        refuses: [
          refuse.refresh_token_invalid,
          refuse.refresh_token_reused,
          refuse.session_over,
          refuse.account_disabled,
        ],
      },
      schema: {
        operationId: "refreshSession",
        summary: "Exchange a refresh token for a new pair",
        description:
          "Every refresh token works once. Sending the same one again within ten seconds gives the same successor, so two tabs or a lost answer sign nobody out; an older one ends the session.",
        tags,
        body: Type.Object(
          { refresh_token: Type.String({ maxLength: 200 }) },
          { examples: [{ refresh_token: `kp_rt_${"A".repeat(94)}` }] },
        ),
        response: { 200: TokensSchema },
      },
    },
    async ({ body }) => showTokens(await sessions.refreshBy(claimsOf(body))),
  );
}

function deviceRoutes(app: Server, { sessions, authenticate }: Dependencies): void {
  app.get(
    "/v1/sessions",
    {
      config: { limit, refuses: memberRefusals },
      schema: {
        operationId: "listSessions",
        summary: "Devices that are signed in, most recently used first",
        tags,
        security,
        response: {
          200: Type.Object(pageOf(Session).properties, {
            examples: [{ items: [EXAMPLE], next_cursor: null }],
          }),
        },
      },
    },
    async (request) => {
      const member = await authenticate.member(request);
      const rows = await sessions.list(member.accountId);
      return { items: rows.map((row) => show(row, member.sessionId)), next_cursor: null };
    },
  );

  app.patch(
    "/v1/sessions/:id",
    {
      config: { limit, refuses: [...memberRefusals, refuse.session_not_found] },
      schema: {
        operationId: "renameSession",
        summary: "Give a device a name",
        tags,
        security,
        params: SessionParams,
        body: Type.Object(
          {
            device: Type.Object({
              name: Type.String({ minLength: 1, maxLength: 60, pattern: VISIBLE_PATTERN }),
            }),
          },
          { examples: [{ device: { name: "Kitchen tablet" } }] },
        ),
        response: { 204: Type.Null({ description: "Renamed" }) },
      },
    },
    async (request, reply) => {
      const { accountId } = await authenticate.member(request);
      await sessions.rename(accountId, request.params.id as SessionId, request.body.device.name);
      return reply.code(204).send(null);
    },
  );
}

function signOutRoutes(app: Server, { signingOut, authenticate }: Dependencies): void {
  app.delete(
    "/v1/sessions/current",
    {
      config: { limit, priority, refuses: memberRefusals },
      schema: {
        operationId: "signOutHere",
        summary: "Sign out here",
        tags,
        security,
        response: { 204: Type.Null({ description: "Signed out" }) },
      },
    },
    async (request, reply) => {
      await signingOut.here(await leaverOf(authenticate, request));
      return reply.code(204).header("clear-site-data", '"storage"').send(null);
    },
  );

  app.delete(
    "/v1/sessions/:id",
    {
      config: { limit, priority, refuses: [...memberRefusals, refuse.session_not_found] },
      schema: {
        operationId: "signOutDevice",
        summary: "Sign a device out",
        tags,
        security,
        params: SessionParams,
        response: { 204: Type.Null({ description: "Signed out" }) },
      },
    },
    async (request, reply) => {
      await signingOut.device(await leaverOf(authenticate, request), request.params.id as SessionId);
      return reply.code(204).send(null);
    },
  );
}

function signOutEverywhereRoute(app: Server, { signingOut, authenticate }: Dependencies): void {
  app.delete(
    "/v1/sessions",
    {
      config: { limit, priority, refuses: memberRefusals },
      schema: {
        operationId: "signOutEverywhere",
        summary: "Sign out everywhere, or everywhere but here",
        tags,
        security,
        querystring: Type.Object({
          except: Type.Optional(
            Type.Literal("current", { description: "Keeps the session that asks", examples: ["current"] }),
          ),
        }),
        response: { 204: Type.Null({ description: "Signed out" }) },
      },
    },
    async (request, reply) => {
      const leaver = await leaverOf(authenticate, request);
      if (request.query.except === "current") await signingOut.everywhereElse(leaver);
      else await signingOut.everywhere(leaver);
      return reply.code(204).send(null);
    },
  );
}

/** By the token alone: whether its session lives is found out where the sessions can be asked. */
async function leaverOf(authenticate: Authenticate, request: FastifyRequest): Promise<Leaver> {
  const { accountId, sessionId } = await authenticate.presented(request);
  return { accountId, sessionId, address: clientOf(request).address };
}

function show(row: SessionRow, current: SessionId) {
  return {
    id: row.id,
    current: row.id === current,
    device: { name: row.device_name, kind: row.device_kind },
    door: row.door,
    age_ceiling: row.age_ceiling,
    address: row.address,
    created_at: row.created_at.toISOString(),
    last_used_at: row.last_used_at.toISOString(),
    expires_at: row.expires_at.toISOString(),
  };
}
