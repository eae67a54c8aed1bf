import type { FastifyReply } from "fastify";
import { escaped, page, titleOf } from "./consent-page.ts";
import { FAULTS, type Fault, type Faults, PLACES } from "./faults.ts";
import { EMULATED, type Emulated, type Fields, formOf, type Ground } from "./ground.ts";
import { languageOf } from "./language.ts";
import type { NewPerson } from "./people.ts";
import { signedRequest } from "./providers/facebook.ts";

export interface Controls {
  readonly ground: Ground;
  readonly faults: Faults;
  readonly environment: () => Promise<Record<string, string>>;
  readonly reads: { count: number };
}

/** The emulators' own pages: everything under /_emulator, by program or by hand. */
export function control({ ground, faults, environment, reads }: Controls): void {
  const { app, people, keys } = ground;

  app.get("/", async (request, reply) => {
    const ru = languageOf(request) === "ru";
    const title = ru ? "Эмуляторы входа" : "Sign-in emulators";
    return reply.type("text/html").send(page(ru ? "ru" : "en", title, "#4b3fa7", switchboard(faults, ru)));
  });

  app.get("/_emulator/environment", async (_request, reply) => {
    const lines = Object.entries(await environment()).map(
      ([name, value]) => `${name}=${value.replaceAll("\n", "\\n")}`,
    );
    return reply.type("text/plain").send(`${lines.join("\n")}\n`);
  });

  app.get("/_emulator/people", async () => ({ people: people.listed() }));
  app.post("/_emulator/people", async (request, reply) =>
    reply.code(201).send(people.add(newPerson(request.body))),
  );

  app.get("/_emulator/avatars/:file", async (request, reply) => {
    const { file } = request.params as { file: string };
    return reply.type("image/svg+xml").send(portrait(file));
  });
  // Yandex builds its picture's address itself, out of an id.
  app.get("/avatars.yandex.net/get-yapic/:id/:file/:size", async (request, reply) => {
    const { id } = request.params as { id: string };
    return reply.type("image/svg+xml").send(portrait(id));
  });

  app.get("/_emulator/faults", async () => ({ faults: faults.list(), kinds: FAULTS, places: PLACES }));
  app.put("/_emulator/faults/:provider", async (request, reply) => {
    const provider = providerIn(request.params);
    const fault = faultIn(request.body);
    if (provider === undefined || fault === undefined) return wrong(reply, "unknown provider, kind or place");
    faults.set(provider, fault);
    return reply.code(204).send();
  });
  app.delete("/_emulator/faults/:provider", async (request, reply) => {
    const provider = providerIn(request.params);
    if (provider === undefined) return wrong(reply, "unknown provider");
    faults.clear(provider);
    return reply.code(204).send();
  });
  app.delete("/_emulator/faults", async (_request, reply) => {
    faults.clear();
    return reply.code(204).send();
  });
  // The same switch for a form without scripts.
  app.post("/_emulator/faults", async (request, reply) => {
    const form = formOf(request);
    const provider = providerIn(form);
    const fault = faultIn(form);
    if (provider !== undefined && fault !== undefined) faults.set(provider, fault);
    else if (provider !== undefined) faults.clear(provider);
    return reply.redirect("/", 303);
  });

  app.post("/_emulator/keys/:provider/rotate", async (request, reply) => {
    const provider = providerIn(request.params);
    if (provider === undefined) return wrong(reply, "unknown provider");
    keys.rotate(provider, { withdrawOld: formOf(request)["withdraw"] === "true" });
    return reply.code(204).send();
  });

  app.get("/_emulator/facebook/signed-request/:person", async (request, reply) => {
    const { person: id } = request.params as { person: string };
    const person = people.find(id);
    if (person === undefined) return wrong(reply, "unknown person");
    const secret = ground.clients.facebook.secret;
    return reply.send({ signed_request: signedRequest(secret, person, ground.clock.now()) });
  });

  app.get("/_emulator/x/billed-reads", async () => ({ reads: reads.count }));
}

function switchboard(faults: Faults, ru: boolean): string {
  const now = faults.list();
  const rows = EMULATED.map((name) => {
    const kinds = ["", ...FAULTS].map((kind) => {
      const chosen = (now[name]?.kind ?? "") === kind ? " selected" : "";
      return `<option value="${kind}"${chosen}>${kind === "" ? (ru ? "здоров" : "well") : kind}</option>`;
    });
    return `<tr><td>${escaped(titleOf(name, ru ? "ru" : "en"))}</td><td><form method="post" action="/_emulator/faults">
<input type="hidden" name="provider" value="${name}"><select name="kind" aria-label="${name}">${kinds.join("")}</select>
<button class="quiet">${ru ? "Применить" : "Apply"}</button></form></td></tr>`;
  });
  const intro = ru ? "Что сломать:" : "What to break:";
  return `<p>${intro}</p><table>${rows.join("\n")}</table><p><a href="/_emulator/environment">environment</a> · <a href="/_emulator/people">people</a></p>`;
}

/** A face in a colour of its own. */
function portrait(seed: string): string {
  const hue = [...seed].reduce((sum, character) => (sum * 31 + (character.codePointAt(0) ?? 0)) % 360, 7);
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 96 96"><rect width="96" height="96" fill="hsl(${hue} 55% 45%)"/><circle cx="48" cy="38" r="18" fill="#fff"/><path d="M14 96a34 34 0 0 1 68 0z" fill="#fff"/></svg>`;
}

function providerIn(params: unknown): Emulated | undefined {
  const name = (params as Fields)["provider"];
  return EMULATED.find((known) => known === name);
}

function faultIn(body: unknown): Fault | undefined {
  if (typeof body !== "object" || body === null) return undefined;
  const { kind, at, times, delay_ms } = body as Record<string, unknown>;
  const known = FAULTS.find((candidate) => candidate === kind);
  const place = PLACES.find((candidate) => candidate === (at ?? "any"));
  if (known === undefined || place === undefined) return undefined;
  return {
    kind: known,
    at: place,
    ...(typeof times === "number" && times > 0 ? { times } : {}),
    ...(typeof delay_ms === "number" && delay_ms >= 0 ? { delayMs: delay_ms } : {}),
  };
}

const PERSON_TEXTS = ["id", "firstName", "lastName", "email", "ownMailbox"] as const;

function newPerson(body: unknown): NewPerson {
  if (typeof body !== "object" || body === null) return {};
  const given = body as Record<string, unknown>;
  const texts = PERSON_TEXTS.flatMap((key) => (typeof given[key] === "string" ? [[key, given[key]]] : []));
  return {
    ...(Object.fromEntries(texts) as NewPerson),
    ...(typeof given["emailVerified"] === "boolean" ? { emailVerified: given["emailVerified"] } : {}),
    ...(isBirth(given["birth"]) ? { birth: given["birth"] } : {}),
  };
}

function isBirth(value: unknown): value is { month: number; day: number; year?: number } {
  return (
    typeof value === "object" &&
    value !== null &&
    ["month", "day"].every((key) => typeof (value as Record<string, unknown>)[key] === "number")
  );
}

function wrong(reply: FastifyReply, error: string): FastifyReply {
  return reply.code(400).send({ error });
}
