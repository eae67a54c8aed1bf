import type { FastifyReply } from "fastify";
import { type Consents, scopesOf } from "../consents.ts";
import { type Consent, provesChallenge } from "../grants.ts";
import {
  basicOf,
  credentialsOf,
  type Fields,
  formOf,
  type Ground,
  isClient,
  oauthError,
  queryOf,
} from "../ground.ts";
import { birthAs, numberAt, type Person } from "../people.ts";

const CODE_MS = 10 * 60_000;
const YEAR_MS = 365 * 86_400_000;
const PAGE = { provider: "yandex", place: "page" } as const;
const TOKEN = { provider: "yandex", place: "token" } as const;

/** Yandex ID: RFC-shaped errors, the `OAuth` scheme, revocation only for tokens of a device. */
export function yandex(ground: Ground, consents: Consents): void {
  const { app, clients, grants } = ground;
  const book = grants.yandex;
  const client = clients.yandex;

  app.get("/oauth.yandex.ru/authorize", { config: PAGE }, (request, reply) =>
    consents.ask(request, reply, {
      provider: "yandex",
      client,
      query: queryOf(request),
      scopes: scopesOf(request),
      codeLifeMs: CODE_MS,
      codeShape: (random) =>
        random
          .toString("base64url")
          .replace(/[^a-z0-9]/gi, "0")
          .slice(0, 16)
          .toLowerCase(),
    }),
  );

  app.post("/oauth.yandex.ru/token", { config: TOKEN }, async (request, reply) => {
    const form = formOf(request);
    if (form["grant_type"] === undefined)
      return oauthError(reply, 400, "invalid_request", "grant_type not in POST");
    const { id, secret } = basicOf(request) ?? { id: form["client_id"], secret: form["client_secret"] };
    if (!isClient(client, id, secret)) return oauthError(reply, 400, "invalid_client", "Client not found");
    if (form["grant_type"] === "refresh_token") return refreshed(ground, form, reply);
    if (form["grant_type"] !== "authorization_code") return oauthError(reply, 400, "unsupported_grant_type");

    const redemption = book.redeem(form["code"]);
    if (redemption.kind === "expired") return oauthError(reply, 400, "invalid_grant", "Code has expired");
    if (redemption.kind !== "fresh") return oauthError(reply, 400, "bad_verification_code", "Invalid code");
    if (!provesChallenge(redemption.consent, form["code_verifier"])) {
      return oauthError(reply, 400, "invalid_grant", "code_verifier not matched");
    }
    const consent = { ...redemption.consent, deviceId: form["device_id"] ?? redemption.consent.deviceId };
    const family = ground.random(8).toString("hex");
    return reply.send({
      token_type: "bearer",
      access_token: book.access(consent, YEAR_MS, { prefix: "y0_", family }),
      expires_in: YEAR_MS / 1000,
      refresh_token: book.refresh(consent, YEAR_MS, { prefix: "1:", family }),
    });
  });

  app.get(
    "/login.yandex.ru/info",
    { config: { provider: "yandex", place: "profile" } },
    async (request, reply) => {
      const record = book.findAccess(
        credentialsOf(request, "OAuth", "Bearer") ?? queryOf(request)["oauth_token"],
      );
      if (record === undefined) return reply.code(401).header("www-authenticate", "OAuth").send("");
      return reply.send(profile(record.consent));
    },
  );

  const revoke = { config: { provider: "yandex", place: "revoke" } } as const;
  app.post("/oauth.yandex.ru/revoke_token", revoke, async (request, reply) => {
    const form = formOf(request);
    if (!isClient(client, form["client_id"], form["client_secret"]))
      return oauthError(reply, 400, "invalid_client");
    const record = book.findAccess(form["access_token"]);
    if (record === undefined) return oauthError(reply, 400, "invalid_grant", "Token is unknown");
    if (record.consent.deviceId === undefined) {
      return oauthError(reply, 400, "unsupported_token_type", "Token is not bound to a device");
    }
    book.revoke(form["access_token"]);
    return reply.send({ status: "ok" });
  });
}

/** The same access token comes back while it lives. */
function refreshed({ grants, random }: Ground, form: Fields, reply: FastifyReply): FastifyReply {
  const record = grants.yandex.findRefresh(form["refresh_token"]);
  if (record === undefined) return oauthError(reply, 400, "invalid_grant", "expired_token");
  const family = record.family;
  const living = grants.yandex.accessOf(family);
  return reply.send({
    token_type: "bearer",
    access_token: living ?? grants.yandex.access(record.consent, YEAR_MS, { prefix: "y0_", family }),
    expires_in: YEAR_MS / 1000,
    refresh_token: form["refresh_token"] ?? random(16).toString("hex"),
  });
}

function profile({ person, clientId }: Consent): Record<string, unknown> {
  const id = numberAt("yandex", person);
  const mailbox = mailboxOf(person);
  return {
    id,
    login: `viewer-${person.id}`,
    client_id: clientId,
    psuid: `1.AA${id}.emulated`,
    display_name: person.firstName,
    real_name: `${person.firstName} ${person.lastName}`,
    first_name: person.firstName,
    last_name: person.lastName,
    sex: person.gender,
    // An account without an address says so by an empty string.
    default_email: mailbox ?? "",
    emails: mailbox === undefined ? [] : [mailbox],
    birthday: birthAs(person, (year, month, day) => `${year || "0000"}-${month}-${day}`) ?? null,
    default_avatar_id: `${id}/picture`,
    is_avatar_empty: false,
  };
}

function mailboxOf({ ownMailbox, email }: Person): string | undefined {
  return ownMailbox === undefined ? email : `${ownMailbox}@yandex.ru`;
}
