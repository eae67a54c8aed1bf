import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { openServices } from "@kinopass/auth/commands";
import { type EmbeddedPostgres, ensureDatabase, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import { CleanUps } from "@kinopass/stand/clean-ups";
import { Mailbox } from "@kinopass/stand/mailbox";
import { freePort } from "@kinopass/stand/ports";
import { privateEnvironment } from "@kinopass/stand/private-environment";
import { type Service, startService } from "@kinopass/stand/services";

type Environment = Readonly<Record<string, string>>;

export interface Person {
  readonly email: string;
  readonly password: string;
  accessToken: string;
  refreshToken: string;
}

export interface Ground {
  /** What Auth was started with, for the console's commands. */
  readonly env: Environment;
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

/** Auth and the catalog as `npm start` runs them, on ports and data of the measurement's own, gone when it ends or does not start. */
export async function openGround(extra: Environment = {}): Promise<Ground> {
  const cleanUps = new CleanUps();
  return await cleanUps.wholeOrNothing(() => open(cleanUps, extra));
}

async function open(cleanUps: CleanUps, extra: Environment): Promise<Ground> {
  const home = mkdtempSync(join(tmpdir(), "kinopass-bench-"));
  cleanUps.later(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  const postgres = await startEmbeddedPostgres({ directory: join(home, "postgres", "data"), kept: false });
  cleanUps.later(postgres.stop);
  for (const name of ["auth", "catalog"]) await ensureDatabase(postgres, name);
  const mailbox = new Mailbox();
  const smtpPort = await freePort();
  await mailbox.listen(smtpPort);
  cleanUps.later(() => mailbox.close());
  const [authPort, catalogPort] = [Number(extra["AUTH_PORT"] ?? (await freePort())), await freePort()];
  const databases = { databaseUrl: postgres.url("auth"), catalogDatabaseUrl: postgres.url("catalog") };
  const own = privateEnvironment({ home, ...databases, authPort, catalogPort, smtpPort });
  const env = { ...own, LOG_LEVEL: "warn", ...extra };
  const start = async (name: "auth" | "catalog", more: Environment): Promise<Service> => {
    const environment: Environment = { ...env, ...more };
    const port = environment[portOf(name)];
    const service = await startService({
      name: `${name}-${port}`,
      home,
      env: environment,
      url: `http://127.0.0.1:${port}`,
      entry: fileURLToPath(new URL("main.js", import.meta.resolve(`@kinopass/${name}`))),
    });
    cleanUps.later(service.stop);
    return service;
  };
  const auth = await start("auth", {});
  const credential = await feedCredential(env);
  const catalog = await start("catalog", credential);
  let running = catalog;
  return {
    env,
    postgres,
    auth,
    catalog,
    people: (count) => Promise.all(Array.from({ length: count }, () => signUp(auth.url, mailbox))),
    another: async (name, others) => {
      const port = String(await freePort());
      // Keys and revocations kept on disk are one instance's own.
      const kept = { CATALOG_GUARD_DIRECTORY: join(home, `guard-${port}`) };
      return await start(name, { ...credential, ...kept, ...others, [portOf(name)]: port });
    },
    catalogAgain: async () => {
      await running.stop();
      running = await start("catalog", credential);
      return running;
    },
    stop: () => cleanUps.run(),
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
