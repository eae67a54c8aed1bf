import { pageOf, type Server } from "@kinopass/http";
import { Type } from "typebox";
import { type Authenticate, memberRefusals, memberSecurity } from "../http/authenticate.ts";
import { DeviceSchema } from "../http/client.ts";
import type { SessionId } from "../ids.ts";
import type { History } from "./history.ts";
import type { SignInRow } from "./queries.ts";

const SignIn = Type.Object({
  id: Type.String(),
  at: Type.String({ format: "date-time" }),
  outcome: Type.String({ description: "signed_in, wrong_password, account_disabled, refused" }),
  door: Type.String({ description: "password, sign_up, password_reset, pairing, social:vk …" }),
  device: Type.Object({ kind: Type.String(), name: Type.Union([Type.String(), Type.Null()]) }),
  address: Type.Union([Type.String(), Type.Null()]),
  session_id: Type.Union([Type.String(), Type.Null()], {
    description: "The session it opened; null where it opened none",
  }),
  current: Type.Boolean({ description: "It opened the session that asks" }),
});

const EXAMPLE = {
  id: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e70",
  at: "2026-03-01T12:00:00.000Z",
  outcome: "signed_in",
  door: "password",
  device: { kind: "phone", name: "Safari, iPhone" },
  address: "203.0.113.7",
  session_id: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
  current: true,
};

export function historyRoutes(
  app: Server,
  { history, authenticate }: { history: History; authenticate: Authenticate },
): void {
  app.get(
    "/v1/me/sign-ins",
    {
      config: { limit: { class: "reads" }, refuses: memberRefusals },
      schema: {
        operationId: "listSignIns",
        summary: "Sign-ins and failed tries, newest first",
        description: "Twelve months and the running one are kept. A cursor continues only its own list.",
        tags: ["accounts"],
        security: memberSecurity,
        querystring: Type.Object({
          device: Type.Optional(DeviceSchema.properties.kind),
          page_size: Type.Optional(Type.Integer({ minimum: 1, maximum: 100, default: 20 })),
          cursor: Type.Optional(Type.String({ maxLength: 512 })),
        }),
        response: {
          200: Type.Object(pageOf(SignIn).properties, {
            examples: [{ items: [EXAMPLE], next_cursor: null }],
          }),
        },
      },
    },
    async (request) => {
      const { accountId, sessionId } = await authenticate.member(request);
      const { device, cursor, page_size = 20 } = request.query;
      const page = await history.page({ accountId, device, cursor, size: page_size });
      return { items: page.items.map((row) => show(row, sessionId)), next_cursor: page.nextCursor };
    },
  );
}

function show(row: SignInRow, current: SessionId) {
  return {
    id: row.id,
    at: row.occurred_at.toISOString(),
    outcome: row.outcome,
    door: row.door,
    device: { kind: row.device_kind, name: row.device_name },
    address: row.address,
    session_id: row.session_id,
    current: row.session_id === current,
  };
}
