import { type Consents, scopesOf } from "../consents.ts";
import { type Consent, provesChallenge } from "../grants.ts";
import {
  avatarOf,
  basicOf,
  credentialsOf,
  formOf,
  type Ground,
  isClient,
  oauthError,
  queryOf,
} from "../ground.ts";
import { numberAt, type Person } from "../people.ts";

const CODE_MS = 10 * 60_000;
const ACCESS_MS = 3_600_000;
const REFRESH_MS = 180 * 86_400_000;
const ISSUER = "https://accounts.google.com";
const BIRTHDAY_SCOPE = "https://www.googleapis.com/auth/user.birthday.read";
/** Scopes asked for by a short name come back by their long one. */
const LONG_NAMES: Readonly<Record<string, string>> = {
  email: "https://www.googleapis.com/auth/userinfo.email",
  profile: "https://www.googleapis.com/auth/userinfo.profile",
};

/** Google: OpenID Connect with signed id_tokens, `iss` in the callback, a refresh token on first consent only. */
export function google(ground: Ground, consents: Consents): void {
  const { app, clients, grants, keys, random } = ground;
  const book = grants.google;
  const client = clients.google;

  app.get(
    "/accounts.google.com/o/oauth2/v2/auth",
    { config: { provider: "google", place: "page" } },
    (request, reply) => {
      const query = queryOf(request);
      const question = {
        provider: "google" as const,
        client,
        query,
        scopes: scopesOf(request),
        codeLifeMs: CODE_MS,
        codeShape: (bytes: Buffer) => `4/0A${bytes.toString("base64url")}`,
        extras: (consent: Consent) => ({ iss: ISSUER, scope: longScopes(consent).join(" "), authuser: "0" }),
        denial: { error: "access_denied", iss: ISSUER },
      };
      if (query["prompt"] === "none" && query["emulator_person"] === undefined) {
        return consents.refuse(request, reply, question, "interaction_required", "The person must be asked");
      }
      return consents.ask(request, reply, question);
    },
  );

  app.post(
    "/oauth2.googleapis.com/token",
    { config: { provider: "google", place: "token" } },
    async (request, reply) => {
      const form = formOf(request);
      const { id, secret } = basicOf(request) ?? { id: form["client_id"], secret: form["client_secret"] };
      if (!isClient(client, id, secret))
        return oauthError(reply, 401, "invalid_client", "The OAuth client was not found.");
      if (form["grant_type"] === "refresh_token") {
        const record = book.findRefresh(form["refresh_token"]);
        if (record === undefined)
          return oauthError(reply, 400, "invalid_grant", "Token has been expired or revoked.");
        const access_token = book.access(record.consent, ACCESS_MS, {
          prefix: "ya29.",
          family: record.family,
        });
        return reply.send({
          access_token,
          expires_in: 3599,
          scope: longScopes(record.consent).join(" "),
          token_type: "Bearer",
        });
      }
      const redemption = book.redeem(form["code"]);
      const good = redemption.kind === "fresh" && provesChallenge(redemption.consent, form["code_verifier"]);
      if (!good) return oauthError(reply, 400, "invalid_grant", "Bad Request");
      const { consent } = redemption;
      if (consent.redirectUri !== form["redirect_uri"])
        return oauthError(reply, 400, "redirect_uri_mismatch", "Bad Request");

      const first = book.firstConsent(consent) || consent.extra["prompt"] === "consent";
      const family = random(8).toString("hex");
      const refreshes = first && consent.extra["access_type"] === "offline";
      return reply.send({
        access_token: book.access(consent, ACCESS_MS, { prefix: "ya29.", family }),
        expires_in: 3599,
        scope: longScopes(consent).join(" "),
        token_type: "Bearer",
        id_token: await keys.sign("google", claims(ground, consent)),
        ...(refreshes ? { refresh_token: book.refresh(consent, REFRESH_MS, { prefix: "1//", family }) } : {}),
      });
    },
  );

  app.post(
    "/oauth2.googleapis.com/revoke",
    { config: { provider: "google", place: "revoke" } },
    async (request, reply) => {
      const token = formOf(request)["token"] ?? queryOf(request)["token"];
      const record = book.findAccess(token) ?? book.findRefresh(token);
      if (record === undefined) return oauthError(reply, 400, "invalid_token", "Token expired or revoked");
      book.revokeAllOf(record.consent.person, record.consent.clientId);
      return reply.send({});
    },
  );

  app.get(
    "/www.googleapis.com/oauth2/v3/certs",
    { config: { provider: "google", place: "keys" } },
    async (_request, reply) =>
      reply.header("cache-control", "public, max-age=19800").send(await keys.published("google")),
  );

  const profile = { config: { provider: "google", place: "profile" } } as const;
  app.get("/openidconnect.googleapis.com/v1/userinfo", profile, async (request, reply) => {
    const record = book.findAccess(credentialsOf(request, "Bearer"));
    if (record === undefined) return oauthError(reply, 401, "invalid_request", "Invalid Credentials");
    return reply.send(identity(ground, record.consent.person));
  });

  app.get("/people.googleapis.com/v1/people/me", profile, async (request, reply) => {
    const record = book.findAccess(credentialsOf(request, "Bearer"));
    if (record === undefined)
      return reply.code(401).send({ error: { code: 401, status: "UNAUTHENTICATED" } });
    if (!record.consent.scopes.includes(BIRTHDAY_SCOPE)) {
      return reply.code(403).send({ error: { code: 403, status: "PERMISSION_DENIED" } });
    }
    return reply.send(birthdays(record.consent.person));
  });

  const discovery = "/accounts.google.com/.well-known/openid-configuration";
  app.get(discovery, { config: { provider: "google", place: "keys" } }, async (_request, reply) =>
    reply.send(metadata(ground.publicUrl())),
  );
}

function claims(ground: Ground, consent: Consent): Record<string, unknown> {
  const issuedS = Math.floor(ground.clock.now().getTime() / 1000);
  return {
    iss: ISSUER,
    aud: consent.clientId,
    azp: consent.clientId,
    iat: issuedS,
    exp: issuedS + 3600,
    ...(consent.nonce === undefined ? {} : { nonce: consent.nonce }),
    ...identity(ground, consent.person),
  };
}

/** Every Google account has an address; a person without one elsewhere has a gmail.com mailbox here. */
function identity(ground: Ground, person: Person): Record<string, unknown> {
  const gmail = person.ownMailbox ?? (person.email === undefined ? `viewer-${person.id}` : undefined);
  return {
    sub: numberAt("google", person, 19),
    email: gmail === undefined ? person.email : `${gmail}@gmail.com`,
    email_verified: gmail !== undefined || person.emailVerified,
    name: `${person.firstName} ${person.lastName}`,
    given_name: person.firstName,
    family_name: person.lastName,
    picture: avatarOf(ground, person),
  };
}

/** The profile's entry may hide the year; the account's has it, unless the person has none to give. */
function birthdays({ birth }: Person): Record<string, unknown> {
  if (birth === undefined) return {};
  const { month, day } = birth;
  return {
    resourceName: "people/me",
    birthdays: [
      { metadata: { primary: true, source: { type: "PROFILE" } }, date: { month, day } },
      { metadata: { source: { type: "ACCOUNT" } }, date: birth },
    ],
  };
}

function longScopes({ scopes }: Consent): string[] {
  return scopes.map((scope) => LONG_NAMES[scope] ?? scope);
}

function metadata(base: string): Record<string, unknown> {
  return {
    issuer: ISSUER,
    authorization_endpoint: `${base}/accounts.google.com/o/oauth2/v2/auth`,
    token_endpoint: `${base}/oauth2.googleapis.com/token`,
    userinfo_endpoint: `${base}/openidconnect.googleapis.com/v1/userinfo`,
    revocation_endpoint: `${base}/oauth2.googleapis.com/revoke`,
    jwks_uri: `${base}/www.googleapis.com/oauth2/v3/certs`,
    response_types_supported: ["code"],
    id_token_signing_alg_values_supported: ["RS256"],
    code_challenge_methods_supported: ["plain", "S256"],
    authorization_response_iss_parameter_supported: true,
  };
}
