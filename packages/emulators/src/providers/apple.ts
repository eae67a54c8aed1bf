import { createHash, createPublicKey, type KeyObject } from "node:crypto";
import { type CryptoKey, jwtVerify } from "jose";
import { type Consents, scopesOf } from "../consents.ts";
import { type Consent, provesChallenge } from "../grants.ts";
import { type Fields, formOf, type Ground, oauthError, queryOf } from "../ground.ts";
import type { Person } from "../people.ts";

const CODE_MS = 5 * 60_000;
const ACCESS_MS = 3_600_000;
const REFRESH_MS = 365 * 86_400_000;
const SIX_MONTHS_S = 15_777_000;
const ISSUER = "https://appleid.apple.com";

/** Sign in with Apple: form_post, a client secret that is a JWT, booleans as strings, the name on first consent only. */
export function apple(ground: Ground, consents: Consents): void {
  const { app, clients, grants, keys, random, clock } = ground;
  const book = grants.apple;

  app.get(
    "/appleid.apple.com/auth/authorize",
    { config: { provider: "apple", place: "page" } },
    (request, reply) => {
      const query = queryOf(request);
      const scopes = scopesOf(request);
      const question = {
        provider: "apple" as const,
        client: clients.apple,
        query,
        scopes,
        codeLifeMs: CODE_MS,
        codeShape: (bytes: Buffer) => `c${bytes.toString("hex")}.0.emul`,
        responseMode: query["response_mode"] === "form_post" ? ("form_post" as const) : ("query" as const),
        extras: (consent: Consent) => (book.firstConsent(consent) ? firstTime(consent) : {}),
        denial: { error: "user_cancelled_authorize" },
      };
      if (scopes.length > 0 && query["response_mode"] !== "form_post") {
        const description = "response_mode must be form_post when name or email scope is requested.";
        return consents.refuse(request, reply, question, "invalid_request", description);
      }
      return consents.ask(request, reply, question);
    },
  );

  app.post(
    "/appleid.apple.com/auth/token",
    { config: { provider: "apple", place: "token" } },
    async (request, reply) => {
      const form = formOf(request);
      if (!(await isDeveloper(ground, form))) return oauthError(reply, 400, "invalid_client");
      const redemption = book.redeem(form["code"]);
      const good =
        redemption.kind === "fresh" &&
        redemption.consent.redirectUri === form["redirect_uri"] &&
        provesChallenge(redemption.consent, form["code_verifier"]);
      if (!good) return oauthError(reply, 400, "invalid_grant", "The code has expired or has been revoked.");
      const family = random(8).toString("hex");
      return reply.send({
        access_token: book.access(redemption.consent, ACCESS_MS, { family }),
        token_type: "Bearer",
        expires_in: ACCESS_MS / 1000,
        refresh_token: book.refresh(redemption.consent, REFRESH_MS, { prefix: "r", family }),
        id_token: await keys.sign("apple", claims(redemption.consent, clock.now())),
      });
    },
  );

  app.get(
    "/appleid.apple.com/auth/keys",
    { config: { provider: "apple", place: "keys" } },
    async (_request, reply) => reply.send(await keys.published("apple")),
  );

  app.post(
    "/appleid.apple.com/auth/revoke",
    { config: { provider: "apple", place: "revoke" } },
    async (request, reply) => {
      const form = formOf(request);
      if (!(await isDeveloper(ground, form))) return oauthError(reply, 400, "invalid_client");
      const record = book.findRefresh(form["token"]) ?? book.findAccess(form["token"]);
      if (record !== undefined) book.revokeAllOf(record.consent.person, record.consent.clientId);
      // 200 for a token nobody knows as well.
      return reply.code(200).send();
    },
  );
}

/** Unsigned, and only once. */
function firstTime({ person, scopes }: Consent): Record<string, string> {
  if (!scopes.includes("name")) return {};
  const name = { firstName: person.firstName, lastName: person.lastName };
  return { user: JSON.stringify({ name, email: addressOf(person) }) };
}

async function isDeveloper({ clients, keys, clock }: Ground, form: Fields): Promise<boolean> {
  const { id, teamId, keyId } = clients.apple;
  if (form["client_id"] !== id || teamId === undefined) return false;
  try {
    const key: KeyObject | CryptoKey = await verifyingKey(clients.apple.secret, keys);
    const { payload, protectedHeader } = await jwtVerify(form["client_secret"] ?? "", key, {
      algorithms: ["ES256"],
      issuer: teamId,
      subject: id,
      audience: ISSUER,
      requiredClaims: ["iat", "exp"],
      currentDate: clock.now(),
    });
    const lifeS = (payload.exp ?? 0) - (payload.iat ?? 0);
    return protectedHeader.kid === keyId && lifeS <= SIX_MONTHS_S;
  } catch {
    // Whatever is wrong with it, it is not the developer's.
    return false;
  }
}

/** Apple's registered `secret` may be the PEM of a public key of your own; otherwise the emulator's key pair is used. */
async function verifyingKey(secret: string, keys: Ground["keys"]): Promise<KeyObject | CryptoKey> {
  return secret.includes("BEGIN PUBLIC KEY") ? createPublicKey(secret) : keys.appleDeveloperPublicKey();
}

function claims(consent: Consent, now: Date): Record<string, unknown> {
  const { person, clientId, nonce, scopes } = consent;
  const issuedS = Math.floor(now.getTime() / 1000);
  const address = scopes.includes("email") ? addressOf(person) : undefined;
  return {
    iss: ISSUER,
    aud: clientId,
    sub: subjectOf(person),
    iat: issuedS,
    exp: issuedS + 86_400,
    auth_time: issuedS,
    nonce_supported: true,
    ...(nonce === undefined ? {} : { nonce }),
    ...(address === undefined
      ? {}
      : {
          email: address,
          email_verified: String(person.email === undefined || person.emailVerified),
          is_private_email: String(address.endsWith("@privaterelay.appleid.com")),
        }),
  };
}

/** Somebody who keeps the address private gets a relay one; Apple accounts always have an address. */
function addressOf(person: Person): string {
  return (
    person.email ??
    `${createHash("sha256").update(person.id).digest("hex").slice(0, 10)}@privaterelay.appleid.com`
  );
}

function subjectOf(person: Person): string {
  const hash = createHash("sha256").update(`apple ${person.id}`).digest("hex");
  return `000${hash.slice(0, 3).replace(/\D/g, "7")}.${hash.slice(3, 35)}.${hash.slice(35, 39).replace(/\D/g, "1")}`;
}
