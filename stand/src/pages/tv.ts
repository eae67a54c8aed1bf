/** /tv plays a television, /pair the phone beside it, /letter is where links in letters lead. All are plain files; what they say, they say to the services. */
import { readFileSync } from "node:fs";
import type { FastifyInstance } from "fastify";
import { proxyRoutes, type Services } from "./tv-proxy.ts";

const FILES = {
  "/tv": ["tv.html", "text/html"],
  "/tv/tv.css": ["tv.css", "text/css"],
  "/tv/tv-start.js": ["tv-start.js", "text/javascript"],
  "/tv/tv-api.js": ["tv-api.js", "text/javascript"],
  "/tv/tv-remote.js": ["tv-remote.js", "text/javascript"],
  "/tv/tv-pairing.js": ["tv-pairing.js", "text/javascript"],
  "/tv/tv-sign-up.js": ["tv-sign-up.js", "text/javascript"],
  "/tv/tv-films.js": ["tv-films.js", "text/javascript"],
  "/tv/words.js": ["words.js", "text/javascript"],
  "/pair": ["pair.html", "text/html"],
  "/pair/pair.js": ["pair.js", "text/javascript"],
  "/pair/phone-page.js": ["phone-page.js", "text/javascript"],
  "/pair/words.js": ["words.js", "text/javascript"],
  "/pair/pair.css": ["pair.css", "text/css"],
  "/letter": ["letter.html", "text/html"],
  "/letter/letter.js": ["letter.js", "text/javascript"],
  "/letter/phone-page.js": ["phone-page.js", "text/javascript"],
  "/letter/words.js": ["words.js", "text/javascript"],
  "/letter-way.js": ["letter-way.js", "text/javascript"],
} as const;

/** Nothing from elsewhere, nothing inline: a text from a TV or a letter cannot become a script. */
const POLICY =
  "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'";

export function tvPages(app: FastifyInstance, services: Services): void {
  for (const [url, [file, type]] of Object.entries(FILES)) {
    const text = readFileSync(new URL(file, import.meta.url), "utf8");
    app.get(url, async (_request, reply) =>
      reply
        .type(`${type}; charset=utf-8`)
        .headers({
          "content-security-policy": POLICY,
          "referrer-policy": "no-referrer",
          "x-content-type-options": "nosniff",
          "cache-control": "no-store",
        })
        .send(text),
    );
  }
  app.register(async (scope) => proxyRoutes(scope, services));
}
