import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openServices } from "@kinopass/auth/commands";
import { type EmbeddedPostgres, ensureDatabase, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import { CleanUps } from "@kinopass/stand/clean-ups";
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

type Environment = Readonly<Record<string, string>>;

const PASSWORD = "four plain words here";

/** Auth and the catalog as `npm start` runs them, on ports and data of the measurement's own, gone when it ends or does not start. */
export async function openGround(extra: Environment = {}): Promise<Ground> {
  const cleanUps = new CleanUps();
  return await cleanUps.wholeOrNothing(() => open(cleanUps, extra));
}

async function open(cleanUps: CleanUps, extra: Environment): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), "kinopass-bench-"));
  cleanUps.later(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  const postgres = await startEmbeddedPostgres({ directory: join(home, "postgres", "data") });
  cleanUps.later(postgres.stop);
  for (const name of ["auth", "catalog"]) await ensureDatabase(postgres, name);
  const mailbox = new Mailbox();
  const smtpPort = await freePort();
  await mailbox.listen(smtpPort);
  cleanUps.later(() => mailbox.close());
  const env = await environment(home, postgres, { SMTP_URL: `smtp://127.0.0.1:${smtpPort}`, ...extra });
  const start = async (name: "auth" | "catalog", own: Environment): Promise<Service> => {
    const port = { ...env, ...own }[portOf(name)];
    const service = await startService({
      name: `${name}-${port}`,
      home,
      env: { ...env, ...own },
      url: `http://127.0.0.1:${port}`,
      entry: fileURLToPath(new URL("main.js", import.meta.resolve(`@kinopass/${name}`))),
    });
    cleanUps.later(service.stop);
    return service;
  };
  const auth = await start("auth", {});
  const own = await feedCredential(env);
  const catalog = await start("catalog", own);
  let running = catalog;
  return {
    postgres,
    auth,
    catalog,
    people: (count) => Promise.all(Array.from({ length: count }, () => signUp(auth.url, mailbox))),
    another: async (name, others) => {
      const port = String(await freePort());
      // Keys and revocations kept on disk are one instance's own.
      const kept = { CATALOG_GUARD_DIRECTORY: join(home, `guard-${port}`) };
      return await start(name, { ...own, ...kept, ...others, [portOf(name)]: port });
    },
    catalogAgain: async () => {
      await running.stop();
      running = await start("catalog", own);
      return running;
    },
    stop: () => cleanUps.run(),
  };
}

async function environment(
  home: string,
  postgres: EmbeddedPostgres,
  more: Environment,
): Promise<Environment> {
  const authPort = more["AUTH_PORT"] ?? String(await freePort());
  // The load comes from one address on purpose; what limits cost is measured on its own.
  const limitsFile = join(home, "limits.json");
  writeFileSync(limitsFile, JSON.stringify({ allow: ["127.0.0.0/8"] }));
  const key = () => randomBytes(32).toString("base64");
  return {
    LIMITS_FILE: limitsFile,
    DATABASE_URL: postgres.url("auth"),
    CATALOG_DATABASE_URL: postgres.url("catalog"),
    AUTH_KEYS: `1:${key()}`,
    AUTH_DIRECTORY_KEY: key(),
    CATALOG_KEYS: `1:${key()}`,
    AUTH_PORT: authPort,
    AUTH_ISSUER: `http://127.0.0.1:${authPort}`,
    CATALOG_PORT: String(await freePort()),
    CATALOG_GUARD_DIRECTORY: join(home, "guard"),
    LOG_LEVEL: "warn",
    ...more,
  };
}

function portOf(name: "auth" | "catalog"): string {
  return `${name.toUpperCase()}_PORT`;
}

/** As an operator would make it: `kinopass service add catalog`. */
async function feedCredential(env: Environment): Promise<Record<string, string>> {
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
