/**
 * /social: every social sign-in by a button, and the personal cabinet behind it. The stand plays a site with a server
 * of its own: tokens stay here, the browser has a cookie that names them, and each code is bound to us by PKCE.
 */
import { createHash, randomBytes } from "node:crypto";
import type { FastifyInstance, FastifyReply, FastifyRequest } from "fastify";
import { page } from "./layout.ts";
import { AuthSite, type Tokens } from "./social-client.ts";
import { cabinet, doors, type Notice } from "./social-page.ts";
import { languageOf, WORDS } from "./social-words.ts";

export interface SocialPlaces {
  readonly auth: string;
  readonly stand: string;
  readonly emulators: string;
}

interface Visitor {
  tokens?: Tokens;
  /** What the browser was sent away for. */
  errand?: { readonly verifier: string; readonly link?: string };
  notice?: Notice;
}

const COOKIE = "kinopass_stand";
const MOST_VISITORS = 1_000;

export function socialPages(app: FastifyInstance, places: SocialPlaces): void {
  const auth = new AuthSite(places.auth);
  const back = `${places.stand}/social/back`;
  const visitors = new Map<string, Visitor>();

  const visitorOf = (request: FastifyRequest, reply: FastifyReply): Visitor => {
    const id = new RegExp(`(?:^|; )${COOKIE}=([\\w-]{43})(?:;|$)`).exec(request.headers.cookie ?? "")?.[1];
    const known = id === undefined ? undefined : visitors.get(id);
    if (known !== undefined) return known;
    const oldest = visitors.size >= MOST_VISITORS ? visitors.keys().next().value : undefined;
    if (oldest !== undefined) visitors.delete(oldest);
    const fresh: Visitor = {};
    const name = randomBytes(32).toString("base64url");
    visitors.set(name, fresh);
    reply.header("set-cookie", `${COOKIE}=${name}; Path=/social; HttpOnly; SameSite=Lax`);
    return fresh;
  };
  const sendOn = (reply: FastifyReply, visitor: Visitor, notice?: Notice) => {
    if (notice !== undefined) visitor.notice = notice;
    return reply.redirect("/social", 303);
  };

  app.register(async (scope) => {
    scope.addContentTypeParser("application/x-www-form-urlencoded", (_request, _body, done) => done(null));
    scope.addHook("onRequest", async (request, reply) => {
      // One name for the site: what `localhost` was given, `127.0.0.1` would not get back.
      if (request.method === "GET" && `http://${request.headers.host}` !== places.stand)
        return reply.redirect(`${places.stand}/social`, 302);
      // Pages on other ports of this machine are the same site to a cookie.
      if (request.method === "POST" && request.headers.origin !== places.stand) return reply.code(403).send();
    });

    scope.get("/social", async (request, reply) => {
      const visitor = visitorOf(request, reply);
      const { notice } = visitor;
      delete visitor.notice;
      const providers = await auth.providers();
      const inside = visitor.tokens === undefined ? undefined : await auth.cabinet(visitor.tokens);
      if (inside === undefined) delete visitor.tokens;
      const language = languageOf(request.headers["accept-language"]);
      const shown = { language, providers, emulators: places.emulators, notice };
      const body = inside === undefined ? doors(shown) : cabinet(shown, inside);
      return reply
        .type("text/html; charset=utf-8")
        .headers({
          "cache-control": "no-store",
          // With no-referrer a browser sends `Origin: null` with our own forms, and every button would be refused.
          "referrer-policy": "same-origin",
          "content-language": language,
          vary: "accept-language",
        })
        .send(page(WORDS[language].title, body, language));
    });

    scope.post<{ Params: { provider: string } }>("/social/enter/:provider", async (request, reply) => {
      const { verifier, challenge } = pkce();
      visitorOf(request, reply).errand = { verifier };
      const query = new URLSearchParams({ return_to: back, code_challenge: challenge });
      const provider = encodeURIComponent(request.params.provider);
      return reply.redirect(`${places.auth}/v1/social/${provider}/start?${query}`, 303);
    });

    scope.post<{ Params: { provider: string } }>("/social/link/:provider", async (request, reply) => {
      const visitor = visitorOf(request, reply);
      if (visitor.tokens === undefined) return sendOn(reply, visitor);
      const { verifier, challenge } = pkce();
      const { provider } = request.params;
      const begun = await auth.beginLink(visitor.tokens, provider, back, challenge);
      if (begun.authorizeUrl === undefined) return sendOn(reply, visitor, bad(begun.problem));
      visitor.errand = { verifier, link: provider };
      return reply.redirect(begun.authorizeUrl, 303);
    });

    scope.get<{ Querystring: { code?: string; error?: string } }>("/social/back", async (request, reply) => {
      const visitor = visitorOf(request, reply);
      const { errand } = visitor;
      delete visitor.errand;
      const { code, error } = request.query;
      if (typeof error === "string") return sendOn(reply, visitor, bad(error));
      if (typeof code !== "string" || errand === undefined) return sendOn(reply, visitor, bad("try_again"));
      const { verifier, link } = errand;
      if (link !== undefined && visitor.tokens !== undefined) {
        const problem = await auth.confirmLink(visitor.tokens, link, code, verifier);
        return sendOn(reply, visitor, problem === undefined ? good("linked") : bad(problem));
      }
      const { tokens, problem } = await auth.exchange(code, verifier, request.headers["user-agent"] ?? "");
      if (tokens === undefined) return sendOn(reply, visitor, bad(problem));
      visitor.tokens = tokens;
      return sendOn(reply, visitor);
    });

    scope.post<{ Params: { id: string } }>("/social/unlink/:id", async (request, reply) => {
      const visitor = visitorOf(request, reply);
      if (visitor.tokens === undefined) return sendOn(reply, visitor);
      const problem = await auth.unlink(visitor.tokens, request.params.id);
      return sendOn(reply, visitor, problem === undefined ? good("unlinked") : bad(problem));
    });

    scope.post("/social/leave", async (request, reply) => {
      const visitor = visitorOf(request, reply);
      if (visitor.tokens !== undefined) await auth.signOut(visitor.tokens);
      delete visitor.tokens;
      return sendOn(reply, visitor);
    });
  });
}

function good(code: string): Notice {
  return { kind: "good", code };
}

function bad(code: string): Notice {
  return { kind: "bad", code };
}

function pkce(): { readonly verifier: string; readonly challenge: string } {
  const verifier = randomBytes(32).toString("base64url");
  return { verifier, challenge: createHash("sha256").update(verifier).digest("base64url") };
}
