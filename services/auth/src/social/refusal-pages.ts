import { chooseLanguage, type Language, type ProblemDocument, type Server } from "@kinopass/http";
import type { FastifyRequest } from "fastify";
import { escapeHtml, PAGE_POLICY, page } from "./page.ts";

const WORDS = {
  en: { back: "Back to Kinopass", quote: "If it happens again, tell our support this number:" },
  ru: { back: "Вернуться в Kinopass", quote: "Если это повторится, назовите поддержке номер:" },
} as const;

/**
 * People open these addresses, not programs: a refusal is a page for whoever asks for one, and a problem document for
 * everybody else. Status, code and headers are the same. `home`: where flows end that name no other place.
 */
export function refuseWithPages(scope: Server, home: string): void {
  scope.addHook("onSend", async (request, reply, payload) => {
    if (!isProblem(reply.getHeader("content-type"))) return payload;
    reply.header("vary", "accept, accept-language");
    if (!asksForPage(request) || typeof payload !== "string") return payload;
    const language = chooseLanguage(request.headers["accept-language"]);
    reply
      .type("text/html; charset=utf-8")
      .headers({ "content-security-policy": PAGE_POLICY })
      .removeHeader("content-length");
    return refusalPage(JSON.parse(payload) as ProblemDocument, language, home);
  });
}

function refusalPage({ title, detail, request_id }: ProblemDocument, language: Language, home: string) {
  const words = WORDS[language];
  const says = detail === undefined ? "" : `<p>${escapeHtml(detail)}.</p>`;
  // A phone app has no page to go back to.
  const back = /^https?:/.test(home) ? `<p><a href="${escapeHtml(home)}">${words.back}</a></p>` : "";
  const number = `<p><small>${words.quote} ${escapeHtml(request_id)}</small></p>`;
  return page(language, title, says + back + number);
}

function asksForPage({ headers: { accept = "" } }: FastifyRequest): boolean {
  return /(?:^|[\s,])text\/html(?:$|[\s,;])/.test(accept);
}

function isProblem(type: unknown): boolean {
  return typeof type === "string" && type.startsWith("application/problem+json");
}
