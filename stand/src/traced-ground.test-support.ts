/** Auth and the catalog as processes, with a Redis and a mailbox, and everything they say kept for a test to look through. */
import { randomBytes } from "node:crypto";
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { ensureDatabase, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import { CleanUps } from "./clean-ups.ts";
import { Mailbox } from "./mailbox/mailbox.ts";
import { freePort } from "./ports.ts";
import { startLocalRedis } from "./redis.ts";
import { type Service, startService } from "./services.ts";

export interface TracedGround {
  readonly home: string;
  readonly env: Readonly<Record<string, string>>;
  readonly mailbox: Mailbox;
  start(name: "auth" | "catalog", own?: Readonly<Record<string, string>>): Promise<Started>;
  /** The newest code that was sent to an address, waited for. */
  codeFor(email: string, after?: string): Promise<string>;
}

export interface Started extends Service {
  /** Everything the process has written so far. */
  log(): string;
  /** What Prometheus would be told. */
  metrics(): Promise<string>;
}

type Environment = Readonly<Record<string, string>>;

export async function openTracedGround(
  t: Pick<TestContext, "after">,
  extra: Environment = {},
): Promise<TracedGround> {
  const cleanUps = new CleanUps();
  t.after(() => cleanUps.run());
  return await cleanUps.wholeOrNothing(() => open(cleanUps, extra));
}

async function open(cleanUps: CleanUps, extra: Environment): Promise<TracedGround> {
  const home = mkdtempSync(join(tmpdir(), "kinopass-traced-"));
  cleanUps.later(() => rmSync(home, { recursive: true, force: true }));
  chmodSync(home, 0o755);
  const postgres = await startEmbeddedPostgres({ directory: join(home, "postgres", "data"), durable: false });
  cleanUps.later(postgres.stop);
  for (const name of ["auth", "catalog"]) await ensureDatabase(postgres, name);
  const redis = await startLocalRedis();
  if (redis === undefined) throw new Error("redis-server or valkey-server is needed on the PATH");
  cleanUps.later(redis.stop);
  const mailbox = new Mailbox();
  const smtpPort = await freePort();
  await mailbox.listen(smtpPort);
  cleanUps.later(() => mailbox.close());
  const [authPort, catalogPort] = [await freePort(), await freePort()];
  const ports = { auth: authPort, catalog: catalogPort };
  const limitsFile = join(home, "limits.json");
  writeFileSync(limitsFile, readFileSync(new URL("../src/limits.json", import.meta.url)));
  const env = {
    ...secrets(),
    LIMITS_FILE: limitsFile,
    DATABASE_URL: postgres.url("auth"),
    CATALOG_DATABASE_URL: postgres.url("catalog"),
    REDIS_URL: redis.url,
    AUTH_PORT: String(authPort),
    AUTH_ISSUER: `http://127.0.0.1:${authPort}`,
    CATALOG_PORT: String(catalogPort),
    CATALOG_GUARD_DIRECTORY: join(home, "guard"),
    SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
    ...extra,
  };
  return {
    home,
    env,
    mailbox,
    start: async (name, own = {}) => {
      const metricsPort = await freePort();
      const service = await startService({
        name,
        home,
        entry: fileURLToPath(new URL("main.js", import.meta.resolve(`@kinopass/${name}`))),
        url: `http://127.0.0.1:${ports[name]}`,
        env: {
          ...env,
          OTEL_SERVICE_NAME: `kinopass-${name}`,
          [`${name.toUpperCase()}_METRICS_PORT`]: String(metricsPort),
          ...own,
        },
      });
      cleanUps.later(service.stop);
      return {
        ...service,
        log: () => readFileSync(join(home, "logs", `${name}.log`), "utf8"),
        metrics: async () => (await fetch(`http://127.0.0.1:${metricsPort}/metrics`)).text(),
      };
    },
    codeFor: (email, after) => codeFor(mailbox, email, after),
  };
}

function secrets(): Environment {
  const key = () => randomBytes(32).toString("base64");
  return { AUTH_KEYS: `1:${key()}`, AUTH_DIRECTORY_KEY: key(), CATALOG_KEYS: `1:${key()}` };
}

async function codeFor(mailbox: Mailbox, email: string, after?: string): Promise<string> {
  const deadline = performance.now() + 15_000;
  while (performance.now() < deadline) {
    const code = mailbox.letters(email)[0]?.code;
    if (code != null && code !== after) return code;
    await new Promise((next) => setTimeout(next, 20));
  }
  throw new Error(`no letter with a code came to ${email}`);
}
