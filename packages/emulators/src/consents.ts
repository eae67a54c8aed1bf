import type { FastifyReply, FastifyRequest } from "fastify";
import type { Client } from "./clients.ts";
import { takesRedirect } from "./clients.ts";
import { consentPage, formPostPage, refusalPage } from "./consent-page.ts";
import type { Consent, Grants } from "./grants.ts";
import { type Emulated, type Fields, formOf, type Ground, queryOf } from "./ground.ts";
import { type Language, languageOf } from "./language.ts";

/** A provider's question to a person, and how the answer goes back to the app. */
export interface Question {
  readonly provider: Emulated;
  readonly client: Client;
  readonly query: Fields;
  readonly scopes: readonly string[];
  readonly codeLifeMs: number;
  readonly codeShape: (random: Buffer) => string;
  readonly responseMode?: "query" | "form_post";
  /** What the callback carries besides code and state. */
  readonly extras?: (consent: Consent, code: string) => Record<string, string>;
  /** What the callback carries when the person says no. */
  readonly denial?: Record<string, string>;
  /** Facebook leaves one behind. */
  readonly fragment?: string;
  /** VK can put the whole callback in one JSON parameter. */
  readonly packed?: boolean;
}

export interface Outcome {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly fields: Record<string, string>;
}

interface Pending {
  readonly question: Question;
  readonly expiresMs: number;
}

const PENDING_MS = 15 * 60_000;
const MAX_PENDING = 2_000;

/** Asks people, by a page or by machine, and sends the browser back. */
export class Consents {
  readonly #ground: Ground;
  readonly #pending = new Map<string, Pending>();

  constructor(ground: Ground) {
    this.#ground = ground;
    ground.app.post("/_emulator/consent", (request, reply) => this.#answered(request, reply));
  }

  /**
   * Shows the page, or decides at once when the request names a person: `emulator_person=<id>` in the query or
   * `x-emulator-person` in the headers (`deny` says no). Registered facts are checked first, as providers do: an unknown
   * app or address gets an error page and never a redirect.
   */
  async ask(request: FastifyRequest, reply: FastifyReply, question: Question): Promise<FastifyReply> {
    const language = languageOf(request);
    const { client, query } = question;
    if (query["client_id"] !== client.id) {
      return reply
        .code(400)
        .type("text/html")
        .send(refusalPage(language, "client", query["client_id"] ?? ""));
    }
    if (!takesRedirect(client, query["redirect_uri"])) {
      return reply
        .code(400)
        .type("text/html")
        .send(refusalPage(language, "redirect", query["redirect_uri"] ?? ""));
    }
    if (query["response_type"] !== "code") {
      return this.#deliver(reply, request, question, {
        error: "unsupported_response_type",
        ...stateOf(query),
      });
    }
    const machine = headerOf(request, "x-emulator-person") ?? query["emulator_person"];
    if (machine !== undefined) return this.#decide(request, reply, question, machine);
    return this.#page(reply, question, language);
  }

  /** Sends an error back to the app without asking anybody. */
  refuse(
    request: FastifyRequest,
    reply: FastifyReply,
    question: Question,
    error: string,
    description: string,
  ) {
    const fields = { error, error_description: description, ...stateOf(question.query) };
    return this.#deliver(reply, request, question, fields);
  }

  #page(reply: FastifyReply, question: Question, language: Language): FastifyReply {
    const id = this.#ground.random(18).toString("base64url");
    if (this.#pending.size >= MAX_PENDING) this.#pending.delete(this.#pending.keys().next().value ?? "");
    this.#pending.set(id, { question, expiresMs: this.#ground.clock.now().getTime() + PENDING_MS });
    const { provider, client, scopes } = question;
    const people = this.#ground.people.listed();
    return reply
      .type("text/html")
      .headers({
        "cache-control": "no-store",
        "content-security-policy": "default-src 'none'; img-src data:; style-src 'unsafe-inline'",
      })
      .send(
        consentPage({
          language,
          provider,
          appName: this.#ground.appName ?? client.id,
          scopes,
          people,
          requestId: id,
        }),
      );
  }

  async #answered(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const form = formOf(request);
    const id = form["request"] ?? "";
    const pending = this.#pending.get(id);
    this.#pending.delete(id);
    if (pending === undefined || pending.expiresMs <= this.#ground.clock.now().getTime()) {
      return reply
        .code(400)
        .type("text/html")
        .send(refusalPage(languageOf(request), "stale", ""));
    }
    return this.#decide(
      request,
      reply,
      pending.question,
      form["decision"] === "deny" ? "deny" : (form["person"] ?? ""),
    );
  }

  #decide(request: FastifyRequest, reply: FastifyReply, question: Question, choice: string): FastifyReply {
    const { query, denial } = question;
    if (choice === "deny") {
      const fields = denial ?? { error: "access_denied", error_description: "The user denied the request" };
      return this.#deliver(reply, request, question, { ...fields, ...stateOf(query) });
    }
    const person = this.#ground.people.find(choice);
    if (person === undefined) {
      return reply
        .code(400)
        .type("text/html")
        .send(refusalPage(languageOf(request), "person", choice));
    }
    const consent: Consent = {
      person,
      clientId: question.client.id,
      redirectUri: query["redirect_uri"] ?? "",
      scopes: question.scopes,
      nonce: query["nonce"],
      challenge: query["code_challenge"],
      challengeMethod: query["code_challenge_method"],
      deviceId: query["device_id"],
      extra: query,
    };
    const grants: Grants = this.#ground.grants[question.provider];
    const code = grants.code(consent, question.codeLifeMs, question.codeShape);
    const fields = { code, ...stateOf(query), ...question.extras?.(consent, code) };
    return this.#deliver(reply, request, question, fields);
  }

  #deliver(
    reply: FastifyReply,
    request: FastifyRequest,
    question: Question,
    fields: Record<string, string>,
  ): FastifyReply {
    const redirectUri = question.query["redirect_uri"] ?? "";
    const method = question.responseMode === "form_post" ? "POST" : "GET";
    const sent = question.packed === true ? { payload: JSON.stringify(fields) } : fields;
    const url = method === "POST" ? redirectUri : withQuery(redirectUri, sent, question.fragment ?? "");
    if ((request.headers.accept ?? "").startsWith("application/json")) {
      return reply.send({ method, url, fields: sent } satisfies Outcome);
    }
    if (method === "GET") return reply.redirect(url, request.method === "POST" ? 303 : 302);
    return reply
      .type("text/html")
      .headers({ "cache-control": "no-store" })
      .send(formPostPage(languageOf(request), url, sent));
  }
}

function stateOf(query: Fields): Record<string, string> {
  return query["state"] === undefined ? {} : { state: query["state"] };
}

function withQuery(base: string, fields: Record<string, string>, fragment: string): string {
  const url = new URL(base);
  for (const [key, value] of Object.entries(fields)) url.searchParams.set(key, value);
  url.hash = fragment;
  return url.href;
}

function headerOf(request: FastifyRequest, name: string): string | undefined {
  const value = request.headers[name];
  return typeof value === "string" ? value : undefined;
}

/** Space-separated unless told otherwise. */
export function scopesOf(request: FastifyRequest, separator: string | RegExp = " "): string[] {
  return (queryOf(request)["scope"] ?? "").split(separator).filter((scope) => scope !== "");
}
