import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openServices } from "@kinopass/auth/commands";
import { type EmbeddedPostgres, ensureDatabase, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import { Mailbox } from "@kinopass/stand/mailbox";
import { freePort } from "@kinopass/stand/ports";
import { type Service, startService } from "@kinopass/stand/services";

export interface Person {
  readonly email: string;
  readonly password: string;
  accessToken: string;
  refreshToken: string;
}

export interface Ground {
  readonly postgres: EmbeddedPostgres;
  readonly auth: Service;
  readonly catalog: Service;
  people(count: number): Promise<Person[]>;
  /** One more Auth or catalog beside those, on the same data: for the same person it is as good as the first. */
  another(service: "auth" | "catalog", extra: Readonly<Record<string, string>>): Promise<Service>;
  /** Stops the catalog and starts it again, with what it kept on disk. */
  catalogAgain(): Promise<Service>;
  stop(): Promise<void>;
}

const PASSWORD = "four plain words here";

/** Auth and the catalog as `npm start` runs them, on ports and data of the measurement's own, gone when it ends. */
export async function openGround(extra: Readonly<Record<string, string>> = {}): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), "kinopass-bench-"));
  chmodSync(home, 0o755);
  const postgres = await startEmbeddedPostgres({ directory: join(home, "postgres", "data") });
  for (const name of ["auth", "catalog"]) await ensureDatabase(postgres, name);
  const authPort = extra["AUTH_PORT"] === undefined ? await freePort() : Number(extra["AUTH_PORT"]);
  const [catalogPort, smtpPort] = [await freePort(), await freePort()];
  const mailbox = new Mailbox();
  await mailbox.listen(smtpPort);
  // The load comes from one address on purpose; what limits cost is measured on its own.
  const limitsFile = join(home, "limits.json");
  writeFileSync(limitsFile, JSON.stringify({ allow: ["127.0.0.0/8"] }));
  const env = {
    LIMITS_FILE: limitsFile,
    DATABASE_URL: postgres.url("auth"),
    CATALOG_DATABASE_URL: postgres.url("catalog"),
    AUTH_KEYS: `1:${randomBytes(32).toString("base64")}`,
    AUTH_DIRECTORY_KEY: randomBytes(32).toString("base64"),
    CATALOG_KEYS: `1:${randomBytes(32).toString("base64")}`,
    AUTH_PORT: String(authPort),
    AUTH_ISSUER: `http://127.0.0.1:${authPort}`,
    CATALOG_PORT: String(catalogPort),
    CATALOG_GUARD_DIRECTORY: join(home, "guard"),
    SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
    LOG_LEVEL: "warn",
    ...extra,
  };
  const start = (name: "auth" | "catalog", port: number, own: Readonly<Record<string, string>> = {}) =>
    startService({
      name: `${name}-${port}`,
      home,
      env: { ...env, ...own },
      url: `http://127.0.0.1:${port}`,
      entry: fileURLToPath(new URL("main.js", import.meta.resolve(`@kinopass/${name}`))),
    });
  const auth = await start("auth", authPort);
  const own = await feedCredential(env);
  const startCatalog = () => start("catalog", catalogPort, own);
  const catalog = await startCatalog();
  let running = catalog;
  return {
    postgres,
    auth,
    catalog,
    people: (count) => Promise.all(Array.from({ length: count }, () => signUp(auth.url, mailbox))),
    another: async (service, others) => {
      const port = await freePort();
      const key = service === "auth" ? "AUTH_PORT" : "CATALOG_PORT";
      // Keys and revocations kept on disk are one instance's own.
      const kept = { CATALOG_GUARD_DIRECTORY: join(home, `guard-${port}`) };
      return await start(service, port, { ...own, ...kept, ...others, [key]: String(port) });
    },
    catalogAgain: async () => {
      await running.stop();
      running = await startCatalog();
      return running;
    },
    stop: async () => {
      await Promise.all([auth.stop(), running.stop()]);
      await mailbox.close();
      await postgres.stop();
      rmSync(home, { recursive: true, force: true });
    },
  };
}

/** As an operator would make it: `kinopass service add catalog`. */
async function feedCredential(env: Readonly<Record<string, string>>): Promise<Record<string, string>> {
  const services = openServices(env);
  try {
    const { id, secret } = await services.add("catalog", ["revocations"]);
    return { CATALOG_SERVICE_ID: id, CATALOG_SERVICE_SECRET: secret };
  } finally {
    await services.close();
  }
}

async function signUp(auth: string, mailbox: Mailbox): Promise<Person> {
  const email = `bench-${randomBytes(6).toString("hex")}@example.com`;
  for (;;) {
    const status = await post(`${auth}/v1/accounts`, {
      email,
      password: PASSWORD,
      birth_date: "1990-05-17",
    }).then(({ status }) => status);
    if (status === 202) break;
    await new Promise((next) => setTimeout(next, 200));
  }
  const deadline = performance.now() + 30_000;
  let code = mailbox.letters(email)[0]?.code;
  while (code == null && performance.now() < deadline) {
    await new Promise((next) => setTimeout(next, 50));
    code = mailbox.letters(email)[0]?.code;
  }
  const { json } = await post(`${auth}/v1/accounts/confirm`, { email, code });
  return {
    email,
    password: PASSWORD,
    accessToken: String(json["access_token"]),
    refreshToken: String(json["refresh_token"]),
  };
}

async function post(url: string, body: object): Promise<{ status: number; json: Record<string, unknown> }> {
  const answer = await fetch(url, {
    method: "POST",
    headers: { "content-type": "application/json" },
    body: JSON.stringify(body),
    signal: AbortSignal.timeout(10_000),
  });
  return { status: answer.status, json: (await answer.json()) as Record<string, unknown> };
}
