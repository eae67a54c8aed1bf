import type { FastifyReply, FastifyRequest } from "fastify";
import { type Consents, scopesOf } from "../consents.ts";
import { type Consent, provesChallenge } from "../grants.ts";
import {
  avatarOf,
  basicOf,
  credentialsOf,
  type Fields,
  formOf,
  type Ground,
  isClient,
  oauthError,
  queryOf,
} from "../ground.ts";
import { numberAt } from "../people.ts";

/** Half a minute, and no more. */
const CODE_MS = 30_000;
const ACCESS_MS = 7_200_000;
const REFRESH_MS = 180 * 86_400_000;
const FIELDS: ReadonlySet<string> = new Set(
  (
    "affiliation confirmed_email connection_status created_at description entities id is_identity_verified location name " +
    "parody profile_banner_url profile_image_url protected public_metrics receives_your_dm subscribes_to_you subscription " +
    "subscription_type url username verified verified_followers_count verified_type withheld"
  ).split(" "),
);

/** X, OAuth 2.0: Basic, PKCE, 30-second codes, invalid_request for the spent, problems (RFC 7807) on the API, metered reads. */
export function x(ground: Ground, consents: Consents, reads: { count: number }): void {
  const { app, clients, grants, random } = ground;
  const book = grants.x;

  app.get("/x.com/i/oauth2/authorize", { config: { provider: "x", place: "page" } }, (request, reply) => {
    const query = queryOf(request);
    const question = {
      provider: "x" as const,
      client: clients.x,
      query,
      scopes: scopesOf(request),
      codeLifeMs: CODE_MS,
      codeShape: (bytes: Buffer) => bytes.toString("base64url"),
      denial: { error: "access_denied" },
    };
    const sound =
      query["code_challenge"] !== undefined && query["state"] !== undefined && query["state"].length <= 500;
    if (!sound) return consents.refuse(request, reply, question, "invalid_request", "Something went wrong");
    return consents.ask(request, reply, question);
  });

  app.post(
    "/api.x.com/2/oauth2/token",
    { config: { provider: "x", place: "token" } },
    async (request, reply) => {
      if (!isApp(ground, request)) return headerMissing(reply);
      const form = formOf(request);
      if (form["grant_type"] === "refresh_token") {
        const record = book.takeRefresh(form["refresh_token"]);
        if (record === undefined)
          return oauthError(reply, 400, "invalid_request", "Value passed for the token was invalid.");
        return reply.send(tokens(ground, record.consent, record.family));
      }
      const redemption = book.redeem(form["code"]);
      const good =
        redemption.kind === "fresh" &&
        redemption.consent.redirectUri === form["redirect_uri"] &&
        provesChallenge(redemption.consent, form["code_verifier"]);
      if (!good)
        return oauthError(
          reply,
          400,
          "invalid_request",
          "Value passed for the authorization code was invalid.",
        );
      return reply.send(tokens(ground, redemption.consent, random(8).toString("hex")));
    },
  );

  app.post(
    "/api.x.com/2/oauth2/revoke",
    { config: { provider: "x", place: "revoke" } },
    async (request, reply) => {
      if (!isApp(ground, request)) return headerMissing(reply);
      const form: Fields = formOf(request);
      if (!book.revoke(form["token"])) {
        return oauthError(reply, 400, "invalid_request", "Value passed for the token was invalid.");
      }
      return reply.send({ revoked: true });
    },
  );

  app.get(
    "/api.x.com/2/users/me",
    { config: { provider: "x", place: "profile" } },
    async (request, reply) => {
      const record = book.findAccess(credentialsOf(request, "Bearer"));
      if (record === undefined)
        return problem(reply, 401, "about:blank", "Unauthorized", { detail: "Unauthorized" });
      return me(ground, record.consent, request, reply, reads);
    },
  );
}

function me(
  ground: Ground,
  consent: Consent,
  request: FastifyRequest,
  reply: FastifyReply,
  reads: { count: number },
): FastifyReply {
  const { clients } = ground;
  if (clients.x.enrolled === false) {
    return problem(reply, 403, "https://api.twitter.com/2/problems/client-forbidden", "Client Forbidden", {
      reason: "client-not-enrolled",
      client_id: consent.clientId,
      detail: "Use keys and tokens from a developer App that is attached to a Project.",
    });
  }
  if (!["users.read", "tweet.read"].every((scope) => consent.scopes.includes(scope))) {
    return problem(reply, 403, "about:blank", "Forbidden", { detail: "Forbidden" });
  }
  const wanted = (queryOf(request)["user.fields"] ?? "").split(",").filter((field) => field !== "");
  const odd = wanted.find((field) => !FIELDS.has(field));
  if (odd !== undefined) {
    const detail = `The \`user.fields\` query parameter value [${odd.slice(0, 60)}] is not known`;
    return problem(reply, 400, "https://api.x.com/2/problems/invalid-request", "Invalid Request", { detail });
  }
  reads.count += 1;
  const mayRead = clients.x.mayReadEmail === true && consent.scopes.includes("users.email");
  const refused = wanted.includes("confirmed_email") && !mayRead;
  return reply.send({
    data: user(ground, consent, wanted, mayRead),
    ...(refused ? { errors: [fieldUnauthorized()] } : {}),
  });
}

function user(
  ground: Ground,
  { person }: Consent,
  wanted: readonly string[],
  mayReadEmail: boolean,
): Record<string, unknown> {
  const extra: Record<string, unknown> = {
    profile_image_url: avatarOf(ground, person),
    verified: false,
    verified_type: "none",
    created_at: "2021-12-03T15:32:51.000Z",
    // Only addresses X itself confirmed.
    confirmed_email: mayReadEmail && person.emailVerified ? person.email : undefined,
  };
  return {
    id: numberAt("x", person, 19),
    name: `${person.firstName} ${person.lastName}`,
    username: `viewer_${person.id.replace(/\W/g, "_")}`,
    ...Object.fromEntries(
      wanted.filter((field) => extra[field] !== undefined).map((field) => [field, extra[field]]),
    ),
  };
}

function fieldUnauthorized(): Record<string, string> {
  return {
    title: "Field Unauthorized",
    detail: "The app may not read this field.",
    field: "confirmed_email",
    resource_type: "user",
    section: "data",
    type: "https://api.x.com/2/problems/field-unauthorized",
  };
}

function tokens({ grants }: Ground, consent: Consent, family: string): Record<string, unknown> {
  const offline = consent.scopes.includes("offline.access");
  return {
    token_type: "bearer",
    expires_in: ACCESS_MS / 1000,
    access_token: grants.x.access(consent, ACCESS_MS, { family }),
    // In an order of its own.
    scope: consent.scopes.toReversed().join(" "),
    ...(offline ? { refresh_token: grants.x.refresh(consent, REFRESH_MS, { family }) } : {}),
  };
}

function isApp({ clients }: Ground, request: FastifyRequest): boolean {
  const basic = basicOf(request);
  return isClient(clients.x, basic?.id, basic?.secret);
}

function headerMissing(reply: FastifyReply): FastifyReply {
  return oauthError(reply, 401, "unauthorized_client", "Missing valid authorization header");
}

function problem(
  reply: FastifyReply,
  status: number,
  type: string,
  title: string,
  more: Record<string, string>,
): FastifyReply {
  return reply
    .code(status)
    .type("application/problem+json")
    .send(JSON.stringify({ title, type, status, ...more }));
}
