import { createHash } from "node:crypto";
import type { FastifyReply } from "fastify";
import { type Consents, scopesOf } from "../consents.ts";
import type { Consent } from "../grants.ts";
import { avatarOf, type Fields, formOf, type Ground, isClient, oauthError, queryOf } from "../ground.ts";
import { birthAs, numberAt } from "../people.ts";

const CODE_MS = 2 * 60_000;
const ACCESS_MS = 30 * 60_000;
const REFRESH_MS = 30 * 86_400_000;

/** Odnoklassniki: scopes by semicolon, calls signed with MD5, errors with a number in HTTP 200. */
export function odnoklassniki(ground: Ground, consents: Consents): void {
  const { app, clients, grants, random } = ground;
  const book = grants.odnoklassniki;
  const client = clients.odnoklassniki;

  app.get(
    "/connect.ok.ru/oauth/authorize",
    { config: { provider: "odnoklassniki", place: "page" } },
    (request, reply) =>
      consents.ask(request, reply, {
        provider: "odnoklassniki",
        client,
        query: queryOf(request),
        scopes: scopesOf(request, ";"),
        codeLifeMs: CODE_MS,
        codeShape: (bytes) => bytes.toString("hex"),
      }),
  );

  app.post(
    "/api.ok.ru/oauth/token.do",
    { config: { provider: "odnoklassniki", place: "token" } },
    async (request, reply) => {
      const form = { ...queryOf(request), ...formOf(request) };
      if (!isClient(client, form["client_id"], form["client_secret"])) {
        return oauthError(reply, 400, "invalid_client", "Unknown client or wrong secret");
      }
      const redemption = book.redeem(form["code"]);
      if (redemption.kind !== "fresh") return oauthError(reply, 400, "invalid_grant", "Expired code");
      const family = random(8).toString("hex");
      return reply.send({
        token_type: "session",
        refresh_token: book.refresh(redemption.consent, REFRESH_MS, { family }),
        access_token: book.access(redemption.consent, ACCESS_MS, { prefix: "tkn", family }),
        expires_in: String(ACCESS_MS / 1000),
      });
    },
  );

  const profile = { config: { provider: "odnoklassniki", place: "profile" } } as const;
  app.get("/api.ok.ru/fb.do", profile, async (request, reply) => called(ground, queryOf(request), reply));
  app.post("/api.ok.ru/fb.do", profile, async (request, reply) =>
    called(ground, { ...queryOf(request), ...formOf(request) }, reply),
  );
}

function called(ground: Ground, fields: Fields, reply: FastifyReply): FastifyReply {
  const { clients, grants } = ground;
  const client = clients.odnoklassniki;
  if (fields["application_key"] !== client.publicKey)
    return numbered(reply, 101, "PARAM_API_KEY : Invalid application key");
  const record = grants.odnoklassniki.findAccess(fields["access_token"]);
  if (record === undefined) return numbered(reply, 102, "PARAM_SESSION_EXPIRED : Session expired");
  const signed = sign(fields, client.secret);
  if (fields["sig"] !== signed) return numbered(reply, 104, "PARAM_SIGNATURE : Invalid signature");
  if (fields["method"] !== "users.getCurrentUser")
    return numbered(reply, 3, "METHOD : Method does not exist.");
  return reply.send(user(ground, record.consent, client.mayReadEmail === true));
}

function sign(fields: Fields, clientSecret: string): string {
  const md5 = (text: string) => createHash("md5").update(text).digest("hex");
  const pairs = Object.entries(fields)
    .filter(([key]) => key !== "sig" && key !== "access_token")
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  return md5(pairs.join("") + md5(`${fields["access_token"] ?? ""}${clientSecret}`));
}

function user(ground: Ground, { person, scopes }: Consent, mayReadEmail: boolean): Record<string, unknown> {
  const birthday = birthAs(person, (year, month, day) => `${year || "0000"}-${month}-${day}`);
  const given = mayReadEmail && scopes.includes("GET_EMAIL") && person.email !== undefined;
  return {
    uid: numberAt("odnoklassniki", person, 12),
    birthdaySet: birthday !== undefined,
    ...(birthday === undefined ? {} : { birthday }),
    first_name: person.firstName,
    last_name: person.lastName,
    name: `${person.firstName} ${person.lastName}`,
    locale: person.locale,
    gender: person.gender,
    // True does not mean that it is given.
    has_email: person.email !== undefined,
    ...(given ? { email: person.email } : {}),
    pic_1: "https://i.mycdn.me/res/stub_50x50.gif",
    pic_2: "https://i.mycdn.me/res/stub_128x96.gif",
    pic_3: avatarOf(ground, person),
  };
}

function numbered(reply: FastifyReply, error_code: number, error_msg: string): FastifyReply {
  return reply.code(200).send({ error_code, error_msg, error_data: null });
}
