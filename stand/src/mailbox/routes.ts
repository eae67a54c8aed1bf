import type { FastifyInstance } from "fastify";
import { escapeHtml, page } from "../pages/layout.ts";
import type { Letter, Mailbox } from "./mailbox.ts";

/** /mailbox for people, /mailbox.json?to=ADDRESS for scripts; newest first. */
export function mailboxRoutes(app: FastifyInstance, mailbox: Mailbox): void {
  app.get<{ Querystring: { to?: string } }>("/mailbox", async (request, reply) => {
    const letters = mailbox.letters(oneText(request.query.to));
    return reply.type("text/html; charset=utf-8").send(page("Mailbox", letterList(letters)));
  });
  app.get<{ Querystring: { to?: string } }>("/mailbox.json", async (request) =>
    mailbox.letters(oneText(request.query.to)),
  );
}

function oneText(value: unknown): string | undefined {
  return typeof value === "string" && value !== "" ? value : undefined;
}

function withLinks(escaped: string): string {
  return escaped.replaceAll(/https?:\/\/[^\s<]+/g, (url) => `<a href="${url}">${url}</a>`);
}

function letterList(letters: readonly Letter[]): string {
  const shown = letters.slice(0, 50).map(
    ({ to, subject, text, code, at }) => `<article>
<p class="soft">To ${escapeHtml(to)} · ${at.slice(11, 19)} UTC</p>
<h2>${escapeHtml(subject)}</h2>
${code === null ? "" : `<p class="code">${escapeHtml(code)}</p>`}
<pre>${withLinks(escapeHtml(text))}</pre>
</article>`,
  );
  const empty = "<p>No letters yet. Sign up, and the code will be here.</p>";
  return `<h1>Mailbox</h1><p class="soft">Every letter the services sent, by real SMTP, newest first. Nothing leaves this machine.</p>${shown.join("") || empty}`;
}
