import type { FastifyReply, FastifyRequest } from "fastify";
import { type Consents, scopesOf } from "../consents.ts";
import { type Consent, provesChallenge } from "../grants.ts";
import { avatarOf, basicOf, formOf, type Ground, isClient, queryOf } from "../ground.ts";
import { birthAs, numberAt } from "../people.ts";

const CODE_MS = 10 * 60_000;
const ACCESS_MS = 3_600_000;
const REFRESH_MS = 180 * 86_400_000;

/** OAuth Mail: Basic, a User-Agent or nothing, the token in the query, prose errors in HTTP 200. */
export function mailru(ground: Ground, consents: Consents): void {
  const { app, clients, grants, random } = ground;
  const book = grants.mailru;
  const client = clients.mailru;

  for (const path of ["/oauth.mail.ru/login", "/oauth.mail.ru/xlogin"]) {
    app.get(path, { config: { provider: "mailru", place: "page" } }, (request, reply) =>
      consents.ask(request, reply, {
        provider: "mailru",
        client,
        query: queryOf(request),
        scopes: scopesOf(request),
        codeLifeMs: CODE_MS,
        codeShape: (bytes) => bytes.toString("hex"),
      }),
    );
  }

  app.post(
    "/oauth.mail.ru/token",
    { config: { provider: "mailru", place: "token" } },
    async (request, reply) => {
      if (namesNoAgent(request)) return reply.send({ error: "missing user agent" });
      const basic = basicOf(request);
      if (!isClient(client, basic?.id, basic?.secret)) return prose(reply, 3, "invalid username or password");
      const form = formOf(request);
      if (form["grant_type"] === "refresh_token") {
        const record = book.findRefresh(form["refresh_token"]);
        if (record === undefined) return prose(reply, 6, "token not found");
        // No new refresh token, no token_type.
        const options = { family: record.family };
        return reply.send({
          expires_in: 3600,
          access_token: book.access(record.consent, ACCESS_MS, options),
        });
      }
      const redemption = book.redeem(form["code"]);
      const good =
        redemption.kind === "fresh" &&
        redemption.consent.redirectUri === form["redirect_uri"] &&
        provesChallenge(redemption.consent, form["code_verifier"]);
      if (!good) return prose(reply, 6, "token not found");
      const family = random(8).toString("hex");
      return reply.send({
        expires_in: ACCESS_MS / 1000,
        refresh_token: book.refresh(redemption.consent, REFRESH_MS, { family }),
        access_token: book.access(redemption.consent, ACCESS_MS, { family }),
      });
    },
  );

  app.get(
    "/oauth.mail.ru/userinfo",
    { config: { provider: "mailru", place: "profile" } },
    async (request, reply) => {
      if (namesNoAgent(request)) return reply.send({ error: "missing user agent" });
      // Only the query counts: a Bearer header is not looked at.
      const record = book.findAccess(queryOf(request)["access_token"]);
      if (record === undefined) return prose(reply, 6, "token not found");
      return reply.send(profile(ground, record.consent));
    },
  );
}

function profile(ground: Ground, { person, clientId }: Consent): Record<string, unknown> {
  return {
    id: numberAt("mailru", person),
    // The app's id, whatever it looks like.
    client_id: clientId,
    nickname: person.firstName,
    name: `${person.firstName} ${person.lastName}`,
    first_name: person.firstName,
    last_name: person.lastName,
    image: avatarOf(ground, person),
    // The mailbox is the account: whoever has none elsewhere has one here.
    email:
      person.ownMailbox === undefined
        ? (person.email ?? `viewer-${person.id}@mail.ru`)
        : `${person.ownMailbox}@mail.ru`,
    locale: person.locale === "ru" ? "ru_RU" : "en_US",
    gender: person.gender === "female" ? "f" : "m",
    birthday: birthAs(person, (year, month, day) => `${day}.${month}.${year}`.replace(/\.$/, "")),
  };
}

function namesNoAgent(request: FastifyRequest): boolean {
  return (request.headers["user-agent"] ?? "") === "";
}

function prose(reply: FastifyReply, code: number, words: string): FastifyReply {
  return reply.code(200).send({ error: words, error_code: code, error_description: words });
}
