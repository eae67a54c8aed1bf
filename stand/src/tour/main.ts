/** `npm run tour`: every promise of the stand, request by request. Exits non-zero on any surprise. */
import { spawnSync } from "node:child_process";
import { randomBytes } from "node:crypto";
import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeFromMailbox } from "@kinopass/cli/mailbox-code";
import { bold, fail, green } from "../say.ts";
import { readStandConfig } from "../settings.ts";
import { type Answer, call, chapter, remark, Surprise, text } from "./show.ts";

interface Stand {
  readonly auth: string;
  readonly catalog: string;
  readonly stand: string;
}

const { home } = readStandConfig(process.env);
const once = randomBytes(4).toString("hex");
const PASSWORD = "four plain words here";

async function tour({ auth, catalog, stand }: Stand): Promise<void> {
  chapter("A guest looks around");
  const found = await call({ url: `${catalog}/v1/films?query=godfahter&page_size=2`, expect: 200 });
  remark(`The typo is forgiven: ${String(found.items?.[0]?.["title"])}.`);
  const free = await pick(catalog, "free", [0, 6, 12, 16]);
  const paid = await pick(catalog, "subscriber", [0, 6, 12, 16, 18]);
  const adult = await pick(catalog, "free", [18]);
  await call({
    method: "POST",
    url: `${catalog}/v1/films/${free}/playback`,
    expect: [401, "sign_in_required"],
  });

  chapter("Anna signs up and confirms her address");
  const anna = `anna-${once}@example.com`;
  await signUp({ auth, stand }, anna, "1990-05-17");

  chapter("She signs in on a television, refreshes, and sees her devices and her history");
  const door = {
    method: "POST",
    url: `${auth}/v1/sessions`,
    body: { email: anna, password: PASSWORD, device: { name: "Living-room TV", kind: "tv" } },
  } as const;
  await call({
    ...door,
    body: { ...door.body, password: "not her password" },
    expect: [401, "credentials_wrong"],
    language: "ru",
  });
  const tv = await call({ ...door, expect: 201 });
  const refreshed = await call({
    method: "POST",
    url: `${auth}/v1/sessions/refresh`,
    body: { refresh_token: tv["refresh_token"] },
    expect: 200,
  });
  const token = text(refreshed, "access_token");
  await call({ url: `${auth}/v1/sessions`, token, expect: 200 });
  await call({ url: `${auth}/v1/me/sign-ins?page_size=3`, token, expect: 200 });
  await call({ url: `${auth}/v1/me`, token, expect: 200 });

  chapter("She plays a free film; the newest ones ask for a subscription");
  await call({ method: "POST", url: `${catalog}/v1/films/${free}/playback`, token, expect: 201 });
  await call({
    method: "POST",
    url: `${catalog}/v1/films/${paid}/playback`,
    token,
    expect: [403, "subscription_required"],
  });

  chapter("A superuser from the console grants her the role");
  const chief = `chief-${once}@example.com`;
  const chiefTokens = await superuser(auth, chief);
  const me = await call({ url: `${auth}/v1/me`, token, expect: 200 });
  await call({
    method: "PUT",
    url: `${auth}/v1/accounts/${text(me, "id")}/roles/subscriber`,
    token,
    expect: [403, "permission_required"],
  });
  await call({
    method: "PUT",
    url: `${auth}/v1/accounts/${text(me, "id")}/roles/subscriber`,
    token: text(chiefTokens, "access_token"),
    expect: 204,
  });
  const subscriber = await call({
    method: "POST",
    url: `${auth}/v1/sessions/refresh`,
    body: { refresh_token: refreshed["refresh_token"] },
    expect: 200,
  });
  await call({
    method: "POST",
    url: `${catalog}/v1/films/${paid}/playback`,
    token: text(subscriber, "access_token"),
    expect: 201,
  });

  chapter("A child is not shown what is for adults");
  const child = await signUp(
    { auth, stand },
    `misha-${once}@example.com`,
    `${new Date().getUTCFullYear() - 9}-01-15`,
  );
  await call({
    method: "POST",
    url: `${catalog}/v1/films/${adult}/playback`,
    token: text(child, "access_token"),
    expect: [403, "age_restricted"],
  });

  chapter("Anna signs out everywhere");
  await call({
    method: "DELETE",
    url: `${auth}/v1/sessions`,
    token: text(subscriber, "access_token"),
    expect: 204,
  });
  await call({
    method: "POST",
    url: `${auth}/v1/sessions/refresh`,
    body: { refresh_token: subscriber["refresh_token"] },
    expect: [401, "session_over"],
  });
  await call({
    url: `${auth}/v1/me`,
    token: text(subscriber, "access_token"),
    expect: [401, "access_token_invalid"],
  });

  remark("The catalog asks nobody, and knows within a second: the revocation feed told it.");
  await untilEnded(`${catalog}/v1/films/${free}/playback`, text(subscriber, "access_token"));
  await call({
    method: "POST",
    url: `${catalog}/v1/films/${free}/playback`,
    token: text(subscriber, "access_token"),
    expect: [401, "session_ended"],
  });
}

/** Waits for the revocation to arrive, a second at most. */
async function untilEnded(url: string, token: string): Promise<void> {
  const deadline = performance.now() + 1_000;
  while (performance.now() < deadline) {
    const answer = await fetch(url, {
      method: "POST",
      headers: { authorization: `Bearer ${token}` },
      signal: AbortSignal.timeout(5_000),
    });
    await answer.body?.cancel();
    if (answer.status === 401) return;
    await new Promise((next) => setTimeout(next, 50));
  }
}

/** A film of that access and one of those ratings, as a guest would find it. */
async function pick(catalog: string, access: string, ratings: readonly number[]): Promise<number> {
  const sort = access === "subscriber" ? "-year" : "-rating";
  let cursor = "";
  for (let page = 0; page < 20; page += 1) {
    const answer = await fetch(`${catalog}/v1/films?sort=${sort}&page_size=100${cursor}`, {
      signal: AbortSignal.timeout(10_000),
    });
    const { items = [], next_cursor } = (await answer.json()) as Answer;
    const film = items.find(
      (item) => item["access"] === access && ratings.includes(Number(item["age_rating"])),
    );
    if (film !== undefined) return Number(film["id"]);
    if (typeof next_cursor !== "string") break;
    cursor = `&cursor=${next_cursor}`;
  }
  throw new Surprise(`The catalog has no ${access} film rated ${ratings.join(", ")}`);
}

async function signUp(
  { auth, stand }: Pick<Stand, "auth" | "stand">,
  email: string,
  birthDate: string,
): Promise<Answer> {
  const body = {
    email,
    password: PASSWORD,
    display_name: email.split("-")[0] ?? "",
    birth_date: birthDate,
    region: "ru_volga",
    locale: "en",
  };
  await call({ method: "POST", url: `${auth}/v1/accounts`, body, expect: 202 });
  const code = await codeFromMailbox(stand, email);
  if (code === undefined) throw new Surprise(`No letter with a code came to ${email}`);
  remark(`The mailbox has the letter; its code is ${code}.`);
  return await call({
    method: "POST",
    url: `${auth}/v1/accounts/confirm`,
    body: { email, code },
    expect: 201,
  });
}

/** As an operator would: the password by standard input, never in the arguments. */
async function superuser(auth: string, email: string): Promise<Answer> {
  const password = randomBytes(18).toString("base64url");
  const console_ = fileURLToPath(new URL("main.js", import.meta.resolve("@kinopass/cli")));
  remark(`$ kinopass superuser create --email ${email} --password-stdin`);
  const made = spawnSync(
    process.execPath,
    [console_, "superuser", "create", "--email", email, "--password-stdin"],
    { input: `${password}\n`, encoding: "utf8", timeout: 30_000 },
  );
  if (made.status !== 0) throw new Surprise(`The console answered: ${made.stderr || made.stdout}`);
  return await call({ method: "POST", url: `${auth}/v1/sessions`, body: { email, password }, expect: 201 });
}

function runningStand(): Stand {
  const file = join(home, "stand.json");
  if (!existsSync(file))
    throw new Surprise("No stand is running here. Start it in another terminal: npm start");
  return (JSON.parse(readFileSync(file, "utf8")) as { addresses: Stand }).addresses;
}

try {
  await tour(runningStand());
  console.log(`\n${green("✓")} ${bold("Every answer was the promised one.")}\n`);
} catch (error) {
  console.log();
  fail(
    error instanceof Surprise
      ? error.message
      : String(error instanceof Error ? (error.stack ?? error.message) : error),
  );
  process.exitCode = 1;
}
