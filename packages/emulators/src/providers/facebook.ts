import { createHmac } from "node:crypto";
import type { FastifyReply, FastifyRequest } from "fastify";
import { type Consents, scopesOf } from "../consents.ts";
import type { Consent } from "../grants.ts";
import { avatarOf, credentialsOf, type Fields, formOf, type Ground, queryOf } from "../ground.ts";
import { birthAs, numberAt, type Person } from "../people.ts";

const CODE_MS = 10 * 60_000;
const LONG_MS = 60 * 86_400_000;
/** `emulator_short_token=1` at the dialog gives a token of an hour, as some flows do. */
const SHORT_MS = 3_600_000;

/** Facebook Login on the Graph API: nested errors, appsecret_proof, debug_token, no refresh tokens. */
export function facebook(ground: Ground, consents: Consents): void {
  const { app, clients } = ground;
  app.get(
    "/www.facebook.com/:version/dialog/oauth",
    { config: { provider: "facebook", place: "page" } },
    (request, reply) =>
      consents.ask(request, reply, {
        provider: "facebook",
        client: clients.facebook,
        query: queryOf(request),
        scopes: scopesOf(request, /[ ,]/),
        codeLifeMs: CODE_MS,
        codeShape: (bytes) => `AQ${bytes.toString("base64url")}`,
        denial: {
          error: "access_denied",
          error_reason: "user_denied",
          error_code: "200",
          error_description: "Permissions error.",
        },
        fragment: "_=_",
      }),
  );

  const token = { config: { provider: "facebook", place: "token" } } as const;
  const path = "/graph.facebook.com/:version/oauth/access_token";
  app.get(path, token, async (request, reply) => exchanged(ground, queryOf(request), reply));
  app.post(path, token, async (request, reply) => exchanged(ground, formOf(request), reply));

  const profile = { config: { provider: "facebook", place: "profile" } } as const;
  app.get("/graph.facebook.com/:version/debug_token", profile, async (request, reply) =>
    inspected(ground, request, reply),
  );
  app.get("/graph.facebook.com/:version/me", profile, async (request, reply) => {
    const holder = holderOf(ground, request, reply);
    return holder === undefined ? reply : reply.send(me(ground, holder, queryOf(request)["fields"]));
  });
  const revoke = { config: { provider: "facebook", place: "revoke" } } as const;
  app.delete("/graph.facebook.com/:version/:userId/permissions", revoke, async (request, reply) => {
    const holder = holderOf(ground, request, reply);
    if (holder === undefined) return reply;
    ground.grants.facebook.revokeAllOf(holder.person, holder.clientId);
    return reply.send({ success: true });
  });
}

/** What Facebook posts when a person removes the app or wants their data deleted. */
export function signedRequest(appSecret: string, person: Person, now: Date): string {
  const payload = {
    user_id: numberAt("facebook", person, 16),
    algorithm: "HMAC-SHA256",
    issued_at: Math.floor(now.getTime() / 1000),
  };
  const encoded = Buffer.from(JSON.stringify(payload)).toString("base64url");
  return `${createHmac("sha256", appSecret).update(encoded).digest("base64url")}.${encoded}`;
}

function exchanged(ground: Ground, form: Fields, reply: FastifyReply): FastifyReply {
  const client = ground.clients.facebook;
  const book = ground.grants.facebook;
  if (form["client_id"] !== client.id) return nested(reply, "Error validating application.", 101);
  if (form["client_secret"] !== client.secret)
    return nested(reply, "Error validating client secret.", 1, undefined, 400);
  if (form["grant_type"] === "fb_exchange_token") {
    const record = book.findAccess(form["fb_exchange_token"]);
    if (record === undefined)
      return nested(reply, "Error validating access token: Session has expired.", 190, 463);
    const options = { prefix: "EAA", family: record.family };
    const access_token = book.access(record.consent, LONG_MS, options);
    return reply.send({ access_token, token_type: "bearer", expires_in: LONG_MS / 1000 });
  }
  const redemption = book.redeem(form["code"]);
  if (redemption.kind !== "fresh") {
    reply.header(
      "www-authenticate",
      'OAuth "Facebook Platform" "invalid_code" "This authorization code has been used."',
    );
    return redemption.kind === "spent"
      ? nested(reply, "This authorization code has been used.", 100, 36009)
      : nested(reply, "Invalid verification code format.", 100);
  }
  if (redemption.consent.redirectUri !== form["redirect_uri"]) {
    return nested(
      reply,
      "Error validating verification code. Please make sure your redirect_uri is identical.",
      100,
    );
  }
  const life = redemption.consent.extra["emulator_short_token"] === "1" ? SHORT_MS : LONG_MS;
  return reply.send({
    access_token: book.access(redemption.consent, life, { prefix: "EAA" }),
    token_type: "bearer",
    expires_in: life / 1000,
  });
}

function inspected({ clients, grants }: Ground, request: FastifyRequest, reply: FastifyReply): FastifyReply {
  const query = queryOf(request);
  const { id, secret } = clients.facebook;
  if ((credentialsOf(request, "Bearer", "OAuth") ?? query["access_token"]) !== `${id}|${secret}`) {
    return nested(reply, "Invalid OAuth access token signature.", 190);
  }
  const record = grants.facebook.findAccess(query["input_token"]);
  if (record === undefined) {
    return reply.send({
      data: { is_valid: false, scopes: [], error: { code: 190, message: "Invalid OAuth access token." } },
    });
  }
  const { consent, expiresMs } = record;
  return reply.send({
    data: {
      app_id: consent.clientId,
      type: "USER",
      application: "Emulated",
      is_valid: true,
      expires_at: Math.floor(expiresMs / 1000),
      data_access_expires_at: Math.floor(expiresMs / 1000) + 30 * 86_400,
      scopes: consent.scopes,
      user_id: numberAt("facebook", consent.person, 16),
    },
  });
}

/** Checks the token and its proof; answers and returns undefined when either will not do. */
function holderOf(
  { clients, grants }: Ground,
  request: FastifyRequest,
  reply: FastifyReply,
): Consent | undefined {
  const query = queryOf(request);
  const token = credentialsOf(request, "Bearer", "OAuth") ?? query["access_token"];
  const record = grants.facebook.findAccess(token);
  if (record === undefined || token === undefined) {
    nested(reply, "Error validating access token: The user has not authorized application.", 190, 458);
    return undefined;
  }
  const { secret, requireProof } = clients.facebook;
  const proof = createHmac("sha256", secret).update(token).digest("hex");
  if (requireProof === true && query["appsecret_proof"] === undefined) {
    nested(
      reply,
      "API calls from the server require an appsecret_proof argument",
      100,
      undefined,
      400,
      "GraphMethodException",
    );
    return undefined;
  }
  if (query["appsecret_proof"] !== undefined && query["appsecret_proof"] !== proof) {
    nested(
      reply,
      "Invalid appsecret_proof provided in the API argument",
      100,
      undefined,
      400,
      "GraphMethodException",
    );
    return undefined;
  }
  return record.consent;
}

/** Only what `fields` names and the person granted; id and name without it. */
function me(
  ground: Ground,
  { person, scopes }: Consent,
  fields: string | undefined,
): Record<string, unknown> {
  const may = (scope: string) => scopes.includes(scope);
  const all: Record<string, unknown> = {
    id: numberAt("facebook", person, 16),
    name: `${person.firstName} ${person.lastName}`,
    first_name: person.firstName,
    last_name: person.lastName,
    picture: {
      data: {
        url: avatarOf(ground, person),
        height: 200,
        width: 200,
        is_silhouette: false,
      },
    },
    ...(may("email") ? { email: person.email } : {}),
    ...(may("user_birthday")
      ? {
          birthday: birthAs(person, (year, month, day) =>
            [month, day, year].filter((part) => part !== "").join("/"),
          ),
        }
      : {}),
    ...(may("user_age_range") ? { age_range: { min: (person.birth?.year ?? 1990) <= 2004 ? 21 : 13 } } : {}),
  };
  const wanted = (fields ?? "id,name").split(",").map((field) => field.replace(/[.{(].*$/, ""));
  return Object.fromEntries(
    ["id", ...wanted].flatMap((field) => (all[field] === undefined ? [] : [[field, all[field]]])),
  );
}

function nested(
  reply: FastifyReply,
  message: string,
  code: number,
  error_subcode?: number,
  status = 400,
  type = "OAuthException",
): FastifyReply {
  const error = {
    message,
    type,
    code,
    ...(error_subcode === undefined ? {} : { error_subcode }),
    fbtrace_id: "Aemulated",
  };
  return reply.code(status).send({ error });
}
