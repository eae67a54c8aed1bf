/**
 * A service as its developer would write it: it serves people, and asks Auth and the catalog for them. Started as a
 * process of its own, so it is text here; what it uses is found from this package.
 */
import { writeFileSync } from "node:fs";
import { join } from "node:path";

const from = (specifier: string) => JSON.stringify(import.meta.resolve(specifier));

/** Writes the service into a directory and returns its file. */
export function writePlaylists(directory: string): string {
  const file = join(directory, "playlists.mjs");
  writeFileSync(
    file,
    `
import fastify from ${from("fastify")};
import { resilientFetch } from ${from("@kinopass/guard/client")};
import { clientSpan, newRequestId } from ${from("@kinopass/tracing")};
import { tracing } from ${from("@kinopass/tracing/fastify")};
import { shutdownTracing } from ${from("@kinopass/tracing/register")};
import { randomBytes } from "node:crypto";

const { AUTH_URL: auth, CATALOG_URL: catalog, SERVICE: service, PORT: port } = process.env;
const send = resilientFetch({ deadlineMs: 10_000 });
const ask = (peer, method, base, template, headers, body) =>
  clientSpan({ method, url: base + template, template, peer, propagate: true }, (span) =>
    send(base + template, { method, headers: { ...span.headers, ...headers }, ...(body === undefined ? {} : { body }) }),
  );

const app = fastify();
await app.register(tracing, { makeRequestId: () => newRequestId(new Date(), randomBytes) });
app.get("/readyz", { config: { trace: false } }, async () => ({}));
app.post("/evening", async (request, reply) => {
  const json = { "content-type": "application/json" };
  const opened = await ask("auth", "POST", auth, "/v1/sessions", json, JSON.stringify(request.body));
  const tokens = await opened.json();
  if (!opened.ok) return reply.code(opened.status).send(tokens);
  const bearer = { authorization: "Bearer " + tokens.access_token };
  const form = { "content-type": "application/x-www-form-urlencoded", authorization: "Basic " + btoa(service) };
  const [report, films] = await Promise.all([
    ask("auth", "POST", auth, "/v1/introspect", form, "token=" + tokens.access_token).then((answer) => answer.json()),
    ask("catalog", "GET", catalog, "/v1/films", bearer).then((answer) => answer.json()),
  ]);
  return { active: report.active, films: films.items.length };
});
await app.listen({ host: "127.0.0.1", port: Number(port) });
process.once("SIGTERM", () => void app.close().then(() => shutdownTracing()));
`,
  );
  return file;
}
