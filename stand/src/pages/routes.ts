import type { FastifyInstance } from "fastify";
import { page, STYLE } from "./layout.ts";
import { tvPages } from "./tv.ts";

export interface Addresses {
  readonly auth: string;
  readonly catalog: string;
  readonly stand: string;
  /** Whether the services send traces somewhere. */
  readonly tracing?: boolean;
}

export function pageRoutes(app: FastifyInstance, addresses: Addresses): void {
  app.get("/", async (_request, reply) =>
    reply.type("text/html; charset=utf-8").send(page("Start", start(addresses))),
  );
  app.get("/style.css", async (_request, reply) => reply.type("text/css; charset=utf-8").send(STYLE));
  tvPages(app, addresses);
}

function start({ auth, catalog, stand, tracing = false }: Addresses): string {
  const cards: readonly (readonly [string, string, string])[] = [
    [`${auth}/docs`, "Auth, to try", "Every operation with an example and every error it can answer"],
    [`${catalog}/docs`, "Catalog, to try", "Films, genres, persons, playback"],
    ["/social", "Social sign-in", "Nine networks, played on this machine: no key, choose who you are"],
    ["/tv", "A television", "Arrow keys and digits only: pair it, or sign up with a sum"],
    ["/pair", "The phone beside it", "See which TV asks, say yes or no, sign it out again"],
    ["/mailbox", "Mailbox", "Codes and notices the services sent"],
    ...(tracing ? ([["/traces", "Traces", "The last requests, each with its way to Jaeger"]] as const) : []),
    [`${catalog}/v1/films?query=godfahter`, "A search with a typo", "The Godfather is found all the same"],
  ];
  return `<h1>The cinema is open</h1>
<p>Auth on <a href="${auth}/docs">${auth}</a>, the catalog on <a href="${catalog}/docs">${catalog}</a>, real films, a real PostgreSQL.</p>
<script type="module" src="/letter-way.js"></script>
<ul class="cards">${cards.map(([url, title, text]) => `<li class="card"><h3><a href="${url}">${title}</a></h3><p>${text}</p></li>`).join("")}</ul>
<h2>From a terminal</h2>
<pre>npm run tour                          # a walk through it, request by request

curl -s ${auth}/v1/accounts -H 'content-type: application/json' \\
  -d '{"email":"anna@example.com","password":"four plain words here","birth_date":"1990-05-17"}'
curl -s '${stand}/mailbox.json?to=anna@example.com'     # the code
curl -s ${auth}/v1/accounts/confirm -H 'content-type: application/json' \\
  -d '{"email":"anna@example.com","code":"…"}'          # tokens</pre>`;
}
