import type { Server } from "@kinopass/http";
import { Type } from "typebox";
import { readForms } from "./form-bodies.ts";
import type { Introspection, TokenReport } from "./introspection.ts";
import { credentialRefusals, type ServiceCredentials, serviceSecurity } from "./service-credentials.ts";

interface Dependencies {
  readonly introspection: Introspection;
  readonly services: ServiceCredentials;
  readonly issuer: string;
  readonly audience: string;
}

const tags = ["for services"];
const consumes = ["application/x-www-form-urlencoded", "application/json"];

const TokenBody = Type.Object(
  {
    token: Type.String({ minLength: 1, maxLength: 4096 }),
    token_type_hint: Type.Optional(
      Type.String({ maxLength: 64, description: "Not needed: the two kinds cannot be confused" }),
    ),
  },
  { examples: [{ token: `kp_rt_${"A".repeat(94)}`, token_type_hint: "refresh_token" }] },
);

const Report = Type.Object(
  {
    active: Type.Boolean({ description: "false comes alone" }),
    token_type: Type.Optional(Type.String({ description: "Bearer or refresh_token" })),
    iss: Type.Optional(Type.String()),
    aud: Type.Optional(Type.String()),
    client_id: Type.Optional(Type.String()),
    sub: Type.Optional(Type.String({ description: "Account" })),
    sid: Type.Optional(Type.String({ description: "Session" })),
    jti: Type.Optional(Type.String()),
    iat: Type.Optional(Type.Integer()),
    exp: Type.Optional(Type.Integer()),
    roles: Type.Optional(Type.Array(Type.String())),
    age_ceiling: Type.Optional(Type.Integer()),
  },
  {
    examples: [
      {
        active: true,
        token_type: "Bearer",
        iss: "https://auth.example",
        aud: "kinopass",
        client_id: "kinopass",
        sub: "0193a5c2-7d1e-7240-9f10-2a6b8c4d5e6f",
        sid: "0193a5c2-7d1e-7b3c-9f10-2a6b8c4d5e6f",
        jti: "0193a5c2-7d1f-7b3c-9f10-2a6b8c4d5e6f",
        iat: 1_772_366_400,
        exp: 1_772_367_000,
        roles: ["subscriber"],
        age_ceiling: 18,
      },
      { active: false },
    ],
  },
);

/** Routes of their own scope: only here is a form a body. */
export async function introspectionRoutes(app: Server, dependencies: Dependencies): Promise<void> {
  await app.register(async (plain) => {
    const scope = plain as unknown as Server;
    readForms(scope, ["token", "token_type_hint"]);
    declareRoutes(scope, dependencies);
  });
}

function declareRoutes(app: Server, { introspection, services, issuer, audience }: Dependencies): void {
  const config = { limit: { class: "reads" }, refuses: credentialRefusals } as const;
  const common = { tags, security: serviceSecurity, consumes, body: TokenBody };

  app.post(
    "/v1/introspect",
    {
      config,
      schema: {
        operationId: "introspectToken",
        summary: "Whether a token is active (RFC 7662; scope `introspect`)",
        description:
          "Asks the database, so it knows of an ended session at once. Most services need not ask: they verify offline and follow the revocations.",
        ...common,
        response: { 200: Report },
      },
    },
    async (request) => {
      await services.demand(request, "introspect");
      return show(await introspection.introspect(request.body.token), { issuer, audience });
    },
  );

  app.post(
    "/v1/revoke",
    {
      config,
      schema: {
        operationId: "revokeToken",
        summary: "End the session of a token (RFC 7009; scope `revoke`)",
        description:
          "An access token or a refresh token, also a used one. Answers 200 for tokens it does not know.",
        ...common,
        response: {
          200: Type.Object({}, { description: "The token is of no use any more", examples: [{}] }),
        },
      },
    },
    async (request) => {
      const actor = await services.demand(request, "revoke");
      await introspection.revoke(request.body.token, actor);
      return {};
    },
  );
}

function show(report: TokenReport, { issuer, audience }: { issuer: string; audience: string }) {
  if (!report.active) return { active: false };
  return {
    active: true,
    token_type: report.kind === "access_token" ? "Bearer" : "refresh_token",
    iss: issuer,
    ...(report.kind === "access_token" ? { aud: audience } : {}),
    client_id: "kinopass",
    sub: report.accountId,
    sid: report.sessionId,
    iat: seconds(report.issuedAt),
    exp: seconds(report.expiresAt),
    ...(report.tokenId === undefined ? {} : { jti: report.tokenId }),
    ...(report.roles === undefined ? {} : { roles: [...report.roles] }),
    ...(report.ageCeiling === undefined ? {} : { age_ceiling: report.ageCeiling }),
  };
}

function seconds(at: Date): number {
  return Math.floor(at.getTime() / 1000);
}
