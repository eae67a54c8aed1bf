import { type Consents, scopesOf } from "../consents.ts";
import { type Consent, provesChallenge } from "../grants.ts";
import { avatarOf, basicOf, formOf, type Ground, isClient, oauthError, queryOf } from "../ground.ts";
import { numberAt } from "../people.ts";

const CODE_MS = 10 * 60_000;
const ACCESS_MS = 3_600_000;
const ISSUER = "https://oauth.telegram.org";

/** Telegram by OpenID Connect: Basic plus client_id in the body, PKCE, an id_token and nothing else. */
export function telegram(ground: Ground, consents: Consents): void {
  const { app, clients, grants, keys } = ground;
  const book = grants.telegram;
  const client = clients.telegram;

  app.get("/oauth.telegram.org/auth", { config: { provider: "telegram", place: "page" } }, (request, reply) =>
    consents.ask(request, reply, {
      provider: "telegram",
      client,
      query: queryOf(request),
      scopes: scopesOf(request),
      codeLifeMs: CODE_MS,
      codeShape: (bytes) => bytes.toString("base64url"),
    }),
  );

  app.post(
    "/oauth.telegram.org/token",
    { config: { provider: "telegram", place: "token" } },
    async (request, reply) => {
      const basic = basicOf(request);
      const form = formOf(request);
      if (!isClient(client, basic?.id, basic?.secret) || form["client_id"] !== client.id) {
        return oauthError(reply, 401, "invalid_client");
      }
      const redemption = book.redeem(form["code"]);
      const good =
        redemption.kind === "fresh" &&
        redemption.consent.challenge !== undefined &&
        redemption.consent.redirectUri === form["redirect_uri"] &&
        provesChallenge(redemption.consent, form["code_verifier"]);
      if (!good) return oauthError(reply, 400, "invalid_grant");
      return reply.send({
        access_token: book.access(redemption.consent, ACCESS_MS),
        token_type: "Bearer",
        expires_in: ACCESS_MS / 1000,
        id_token: await keys.sign("telegram", claims(ground, redemption.consent)),
      });
    },
  );

  const published = { config: { provider: "telegram", place: "keys" } } as const;
  app.get("/oauth.telegram.org/.well-known/jwks.json", published, async (_request, reply) =>
    reply.send(await keys.published("telegram")),
  );
  app.get("/oauth.telegram.org/.well-known/openid-configuration", published, async (_request, reply) => {
    const base = `${ground.publicUrl()}/oauth.telegram.org`;
    return reply.send({
      issuer: ISSUER,
      authorization_endpoint: `${base}/auth`,
      token_endpoint: `${base}/token`,
      jwks_uri: `${base}/.well-known/jwks.json`,
      scopes_supported: ["openid", "profile", "phone", "telegram:bot_access"],
      response_types_supported: ["code"],
      code_challenge_methods_supported: ["S256"],
    });
  });
}

function claims(ground: Ground, { person, clientId, nonce, scopes }: Consent): Record<string, unknown> {
  const issuedS = Math.floor(ground.clock.now().getTime() / 1000);
  const id = numberAt("telegram", person, 9);
  return {
    iss: ISSUER,
    aud: clientId,
    sub: id,
    iat: issuedS,
    exp: issuedS + 3600,
    ...(nonce === undefined ? {} : { nonce }),
    ...(scopes.includes("profile")
      ? {
          id: Number(id),
          name: `${person.firstName} ${person.lastName}`,
          preferred_username: `viewer_${person.id.replace(/\W/g, "_")}`,
          picture: avatarOf(ground, person),
        }
      : {}),
  };
}
