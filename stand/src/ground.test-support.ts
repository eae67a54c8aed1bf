import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { ensureDatabase, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import { catalogCredential } from "./catalog-credential.ts";
import { CleanUps } from "./clean-ups.ts";
import { type Letter, Mailbox } from "./mailbox/mailbox.ts";
import { freePort } from "./ports.ts";
import { privateEnvironment } from "./private-environment.ts";
import { type Service, startService } from "./services.ts";

export const PASSWORD = "four plain words here";

export interface Tokens {
  readonly access_token: string;
  readonly refresh_token: string;
  readonly session_id: string;
}

export interface Answer {
  readonly status: number;
  // biome-ignore lint/suspicious/noExplicitAny: the test says what it expects of a body
  readonly body: any;
}

export interface Ground {
  /** What both services were started with. */
  readonly env: Readonly<Record<string, string>>;
  readonly auth: Service;
  /** The code of the newest letter to that address. */
  codeFor(email: string): Promise<string>;
  /** Where the newest letter of that errand to that address leads. */
  linkFor(email: string, errand: string): Promise<string>;
  readonly catalog: Service;
  readonly postgres: { pid(): number; stop(): Promise<void>; restart(): Promise<void> };
  startAuth(): Promise<Service>;
  startCatalog(extra?: Readonly<Record<string, string>>): Promise<Service>;
  signUp(): Promise<Tokens & { readonly email: string }>;
  ask(method: string, url: string, given?: { token?: string; body?: object }): Promise<Answer>;
}

/** Auth and the catalog as processes, on ports and data of the test's own. All gone when it ends, or when one does not start. */
export async function openGround(
  t: { after(cleanUp: () => unknown): void },
  extra: Readonly<Record<string, string>> = {},
): Promise<Ground> {
  const cleanUps = new CleanUps();
  t.after(() => cleanUps.run());
  return await cleanUps.wholeOrNothing(() => open(cleanUps, extra));
}

async function open(cleanUps: CleanUps, extra: Readonly<Record<string, string>>): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), "kinopass-ground-"));
  cleanUps.later(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  const directory = join(home, "postgres", "data");
  let postgres = await startEmbeddedPostgres({ directory, durable: false });
  cleanUps.later(() => postgres.stop());
  for (const name of ["auth", "catalog"]) await ensureDatabase(postgres, name);
  const [authPort, catalogPort, smtpPort] = [await freePort(), await freePort(), await freePort()];
  const mailbox = new Mailbox();
  await mailbox.listen(smtpPort);
  cleanUps.later(() => mailbox.close());
  const databases = { databaseUrl: postgres.url("auth"), catalogDatabaseUrl: postgres.url("catalog") };
  const env = { ...privateEnvironment({ home, ...databases, authPort, catalogPort, smtpPort }), ...extra };
  const start = async (name: string, port: number, own: Readonly<Record<string, string>>) => {
    const entry = fileURLToPath(new URL("main.js", import.meta.resolve(`@kinopass/${name}`)));
    const url = `http://127.0.0.1:${port}`;
    const service = await startService({ name, home, entry, url, env: { ...env, ...own } });
    cleanUps.later(service.stop);
    return service;
  };
  const startAuth = () => start("auth", authPort, {});
  const auth = await startAuth();
  const credential = await catalogCredential(home, env);
  const startCatalog = (extra: Readonly<Record<string, string>> = {}) =>
    start("catalog", catalogPort, { ...credential, ...extra });
  const catalog = await startCatalog();
  return {
    env: { ...env, ...credential },
    auth,
    catalog,
    postgres: {
      pid: () => postgres.pid,
      stop: () => postgres.stop(),
      restart: async () => {
        postgres = await startEmbeddedPostgres({ directory, durable: false, port: postgres.port });
      },
    },
    startAuth,
    startCatalog,
    codeFor: (email) => codeFor(mailbox, email),
    linkFor: (email, errand) =>
      inALetter(mailbox, email, ({ text }) => new RegExp(`https?://\\S+#do=${errand}&\\S+`).exec(text)?.[0]),
    signUp: () => signUp(auth.url, mailbox),
    ask,
  };
}

async function signUp(auth: string, mailbox: Mailbox): Promise<Tokens & { readonly email: string }> {
  const email = `viewer-${randomBytes(6).toString("hex")}@example.com`;
  await ask("POST", `${auth}/v1/accounts`, { body: { email, password: PASSWORD, birth_date: "1990-05-17" } });
  const code = await codeFor(mailbox, email);
  const { body } = await ask("POST", `${auth}/v1/accounts/confirm`, { body: { email, code } });
  return { email, ...(body as Tokens) };
}

async function codeFor(mailbox: Mailbox, email: string): Promise<string> {
  return await inALetter(mailbox, email, ({ code }) => code);
}

/** Of the newest letter, once there is one that has it. */
async function inALetter(
  mailbox: Mailbox,
  email: string,
  find: (letter: Letter) => string | null | undefined,
): Promise<string> {
  const deadline = performance.now() + 15_000;
  while (performance.now() < deadline) {
    const [newest] = mailbox.letters(email);
    const found = newest === undefined ? undefined : find(newest);
    if (found != null) return found;
    await new Promise((next) => setTimeout(next, 50));
  }
  throw new Error("no letter came");
}

async function ask(
  method: string,
  url: string,
  { token, body }: { token?: string; body?: object } = {},
): Promise<Answer> {
  const answer = await fetch(url, {
    method,
    signal: AbortSignal.timeout(10_000),
    headers: {
      ...(body === undefined ? {} : { "content-type": "application/json" }),
      ...(token === undefined ? {} : { authorization: `Bearer ${token}` }),
    },
    ...(body === undefined ? {} : { body: JSON.stringify(body) }),
  });
  const text = await answer.text();
  return { status: answer.status, body: text === "" ? undefined : JSON.parse(text) };
}
