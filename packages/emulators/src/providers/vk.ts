import type { FastifyReply } from "fastify";
import { type Consents, scopesOf } from "../consents.ts";
import { type Consent, provesChallenge } from "../grants.ts";
import { avatarOf, type Fields, formOf, type Ground, queryOf } from "../ground.ts";
import { birthAs, numberAt } from "../people.ts";

const CODE_MS = 10 * 60_000;
const ACCESS_MS = 3_600_000;
const REFRESH_MS = 180 * 86_400_000;
const CODE_LIFE_S = 600;

/** VK ID: a public client, PKCE, device_id, errors in HTTP 200 with `invalid_request` for nearly everything. */
export function vk(ground: Ground, consents: Consents): void {
  const { app, clients, grants, random } = ground;
  const book = grants.vk;

  app.get("/id.vk.ru/authorize", { config: { provider: "vk", place: "page" } }, (request, reply) => {
    const query = queryOf(request);
    const question = {
      provider: "vk" as const,
      client: clients.vk,
      query,
      scopes: scopesOf(request),
      codeLifeMs: CODE_MS,
      codeShape: (bytes: Buffer) => `vk2.a.${bytes.toString("base64url")}`,
      packed: query["emulator_payload"] === "1",
      extras: (consent: Consent) => ({
        type: "code_v2",
        device_id: deviceOf(consent.person.id),
        expires_in: String(CODE_LIFE_S),
      }),
    };
    const challenged =
      query["code_challenge"] !== undefined && query["code_challenge_method"]?.toLowerCase() === "s256";
    if (!challenged)
      return consents.refuse(request, reply, question, "invalid_request", "Invalid code_challenge");
    if (!/^[\w-]{1,128}$/.test(query["state"] ?? "")) {
      return consents.refuse(request, reply, question, "invalid_request", "state is missing or invalid");
    }
    return consents.ask(request, reply, question);
  });

  app.post(
    "/id.vk.ru/oauth2/auth",
    { config: { provider: "vk", place: "token" } },
    async (request, reply) => {
      const form = formOf(request);
      if (form["client_id"] !== clients.vk.id)
        return in200(reply, "invalid_client", "client_id is missing or invalid");
      if (form["grant_type"] === "refresh_token") return refreshed(ground, form, reply);
      const redemption = book.redeem(form["code"]);
      if (redemption.kind !== "fresh") return in200(reply, "invalid_request", "code is missing or invalid");
      const { consent } = redemption;
      if (form["device_id"] !== deviceOf(consent.person.id)) {
        return in200(reply, "invalid_request", "device_id is missing or invalid");
      }
      if (form["redirect_uri"] !== consent.redirectUri) {
        return in200(reply, "invalid_request", "redirect_uri is missing or invalid");
      }
      if (!provesChallenge({ ...consent, challengeMethod: "S256" }, form["code_verifier"])) {
        return in200(reply, "invalid_request", "verifier is missing or invalid");
      }
      return reply.send(tokens(ground, consent, form["state"], random(8).toString("hex")));
    },
  );

  app.post(
    "/id.vk.ru/oauth2/user_info",
    { config: { provider: "vk", place: "profile" } },
    async (request, reply) => {
      const form = formOf(request);
      const clientId = form["client_id"] ?? queryOf(request)["client_id"];
      const record = book.findAccess(form["access_token"]);
      if (record === undefined || clientId !== clients.vk.id) {
        return in200(reply, "invalid_request", "access_token is missing or invalid");
      }
      return reply.send({ user: user(ground, record.consent) });
    },
  );

  for (const path of ["/id.vk.ru/oauth2/revoke", "/id.vk.ru/oauth2/logout"]) {
    app.post(path, { config: { provider: "vk", place: "revoke" } }, async (request, reply) => {
      const form = formOf(request);
      if (form["client_id"] !== clients.vk.id)
        return in200(reply, "invalid_client", "client_id is missing or invalid");
      if (book.findAccess(form["access_token"]) === undefined) {
        return in200(reply, "invalid_request", "access_token is missing or invalid");
      }
      book.revoke(form["access_token"]);
      return reply.send({ response: 1 });
    });
  }
}

/** A refresh token works once, and only with the device it was issued to. */
function refreshed(ground: Ground, form: Fields, reply: FastifyReply): FastifyReply {
  const found = ground.grants.vk.findRefresh(form["refresh_token"]);
  if (found === undefined) return in200(reply, "invalid_request", "refresh_token is missing or invalid");
  if (form["device_id"] !== deviceOf(found.consent.person.id)) {
    return in200(reply, "invalid_request", "device_id is missing or invalid");
  }
  ground.grants.vk.takeRefresh(form["refresh_token"]);
  return reply.send(tokens(ground, found.consent, form["state"], found.family));
}

function tokens({ grants }: Ground, consent: Consent, state: string | undefined, family: string) {
  return {
    access_token: grants.vk.access(consent, ACCESS_MS, { prefix: "vk2.a.", family }),
    refresh_token: grants.vk.refresh(consent, REFRESH_MS, { prefix: "vk2.a.", family }),
    // Looks like a JWT, and nobody publishes keys for it.
    id_token: "emulated.unverifiable.token",
    token_type: "Bearer",
    expires_in: ACCESS_MS / 1000,
    user_id: Number(numberAt("vk", consent.person)),
    state: state ?? "",
    scope: consent.scopes.length === 0 ? "vkid.personal_info" : consent.scopes.join(" "),
  };
}

function user(ground: Ground, { person, scopes }: Consent): Record<string, unknown> {
  return {
    user_id: numberAt("vk", person),
    first_name: person.firstName,
    last_name: person.lastName,
    avatar: avatarOf(ground, person),
    sex: person.gender === "female" ? 1 : 2,
    verified: false,
    birthday: birthAs(person, (year, month, day) =>
      [day, month, year].filter((part) => part !== "").join("."),
    ),
    ...(scopes.includes("email") && person.email !== undefined ? { email: person.email } : {}),
  };
}

function deviceOf(personId: string): string {
  return `device-${Buffer.from(personId).toString("base64url")}`;
}

/** Even refusals are HTTP 200 here. */
function in200(reply: FastifyReply, error: string, description: string): FastifyReply {
  return reply.code(200).send({ error, error_description: description });
}
