/** The one-command stand: everything the cinema needs, on this machine, with real parts. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Emulators, startEmulators } from "@kinopass/emulators";
import { type EmbeddedPostgres, ensureDatabase, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import Fastify from "fastify";
import { catalogCredential } from "./catalog-credential.ts";
import { keepRunning } from "./keep-running.ts";
import { Mailbox } from "./mailbox/mailbox.ts";
import { mailboxRoutes } from "./mailbox/routes.ts";
import { pageRoutes } from "./pages/routes.ts";
import { socialPages } from "./pages/social.ts";
import { tracePages } from "./pages/traces.ts";
import { demandFreePorts, freePort } from "./ports.ts";
import { type LocalRedis, startLocalRedis } from "./redis.ts";
import { bold, dim, fail, note, step } from "./say.ts";
import { type ServiceOptions, startService } from "./services.ts";
import { keptSecrets, publishStand, readStandConfig, type StandConfig } from "./settings.ts";

/** What must be stopped, in the order it is stopped: newest first. */
const running: { readonly name: string; readonly stop: () => Promise<void> }[] = [];
let stopping: Promise<void> | undefined;

async function main(): Promise<void> {
  const began = performance.now();
  const config = readStandConfig(process.env);
  console.log(
    `\n${bold("Kinopass")} ${dim("the Auth service of an online cinema, and the services around it")}\n`,
  );
  for (const signal of ["SIGINT", "SIGTERM"] as const) process.on(signal, () => void stopAll());
  await demandFreePorts([
    { port: config.authPort, what: "Auth", variable: "AUTH_PORT" },
    { port: config.catalogPort, what: "the catalog", variable: "CATALOG_PORT" },
    { port: config.standPort, what: "the stand's pages", variable: "STAND_PORT" },
  ]);
  const databases = await openDatabases(config);
  const redisUrl = await openRedis(config);
  const { mailbox, smtpPort } = await openMailbox();
  const emulators = await openEmulators();
  const addresses = {
    auth: `http://127.0.0.1:${config.authPort}`,
    catalog: `http://127.0.0.1:${config.catalogPort}`,
    stand: `http://127.0.0.1:${config.standPort}`,
    emulators: emulators.url,
  };
  const env = environment(config, { ...databases, redisUrl, smtpPort, addresses, emulators });
  publishStand(config.home, { env, addresses, pids: { stand: process.pid } });
  running.push({
    name: "settings",
    stop: async () => rmSync(join(config.home, "stand.json"), { force: true }),
  });
  await openServices(config, env, addresses);
  await openPages(config, mailbox, addresses);
  sayWhatNext(addresses, performance.now() - began);
}

async function openDatabases(
  config: StandConfig,
): Promise<{ databaseUrl: string; catalogDatabaseUrl: string }> {
  if (config.databaseUrl !== undefined) {
    if (config.catalogDatabaseUrl === undefined)
      throw new Error(
        "DATABASE_URL is set, so set CATALOG_DATABASE_URL as well: the services do not share a database.",
      );
    note("postgres", "your own, by DATABASE_URL and CATALOG_DATABASE_URL");
    return { databaseUrl: config.databaseUrl, catalogDatabaseUrl: config.catalogDatabaseUrl };
  }
  const server = await step<EmbeddedPostgres>("postgres", async () => {
    const value = await startEmbeddedPostgres({ directory: join(config.home, "postgres", "data") });
    running.push({ name: "postgres", stop: value.stop });
    for (const name of ["auth", "catalog"]) await ensureDatabase(value, name);
    return { value, says: `PostgreSQL ${value.version}, embedded, on port ${value.port}` };
  });
  return { databaseUrl: server.url("auth"), catalogDatabaseUrl: server.url("catalog") };
}

async function openRedis({ redisUrl }: StandConfig): Promise<string | undefined> {
  if (redisUrl !== undefined) {
    note("redis", "your own, by REDIS_URL");
    return redisUrl;
  }
  const redis: LocalRedis | undefined = await startLocalRedis();
  if (redis === undefined) {
    note(
      "redis",
      "none on the PATH: limits are counted inside each process (apt-get install redis-server for the shared ones)",
    );
    return undefined;
  }
  running.push({ name: "redis", stop: redis.stop });
  await step("redis", async () => ({ value: undefined, says: redis.version }));
  return redis.url;
}

async function openMailbox(): Promise<{ mailbox: Mailbox; smtpPort: number }> {
  const smtpPort = await freePort();
  const mailbox = new Mailbox();
  await mailbox.listen(smtpPort);
  running.push({ name: "mailbox", stop: () => mailbox.close() });
  return { mailbox, smtpPort };
}

/** The social networks, played on this machine: every button works without a key. */
async function openEmulators(): Promise<Emulators> {
  return await step<Emulators>("networks", async () => {
    const value = await startEmulators({ appName: "Kinopass" });
    running.push({ name: "networks", stop: () => value.close() });
    return { value, says: `nine social sign-ins, emulated, on ${value.url}` };
  });
}

interface Parts {
  readonly databaseUrl: string;
  readonly catalogDatabaseUrl: string;
  readonly redisUrl: string | undefined;
  readonly smtpPort: number;
  readonly emulators: Emulators;
  readonly addresses: {
    readonly auth: string;
    readonly catalog: string;
    readonly stand: string;
    readonly emulators: string;
  };
}

/** The same variables an operator would set; docs/operating.md explains each. */
function environment(
  config: StandConfig,
  { databaseUrl, catalogDatabaseUrl, redisUrl, smtpPort, addresses, emulators }: Parts,
): Record<string, string> {
  return {
    ...keptSecrets(config.home),
    DATABASE_URL: databaseUrl,
    CATALOG_DATABASE_URL: catalogDatabaseUrl,
    ...(redisUrl === undefined ? {} : { REDIS_URL: redisUrl }),
    AUTH_PORT: String(config.authPort),
    AUTH_ISSUER: addresses.auth,
    AUTH_SITE_URL: addresses.stand,
    ...emulators.environment,
    AUTH_SOCIAL_RETURN_TO: `${addresses.stand}/*,${addresses.stand.replace("127.0.0.1", "localhost")}/*`,
    CATALOG_PORT: String(config.catalogPort),
    CATALOG_GUARD_DIRECTORY: join(config.home, "guard"),
    // Everybody comes from this machine's one address here, so the limits by address are wider; by account they are the defaults.
    LIMITS_FILE: fileURLToPath(new URL("../src/limits.json", import.meta.url)),
    SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
    ...config.tracing,
  };
}

async function openServices(
  config: StandConfig,
  env: Record<string, string>,
  addresses: Parts["addresses"],
): Promise<void> {
  const pids: Record<string, number> = { stand: process.pid };
  const start = async (name: "auth" | "catalog", own: Record<string, string>) => {
    const options = await serviceOptions(config, name, addresses[name], own);
    const { stop } = await keepRunning({
      name,
      home: config.home,
      start: (again) =>
        step(name, async () => ({
          value: await startService({ ...options, again }),
          says: `on ${options.url}`,
        })),
      started: ({ pid }) => {
        pids[name] = pid;
        publishStand(config.home, { env, addresses, pids });
      },
      say: (line) => note(name, line),
      stopping: () => stopping !== undefined,
    });
    running.push({ name, stop });
  };
  await start("auth", env);
  const credential = await catalogCredential(config.home, env);
  await start("catalog", { ...env, ...credential });
}

async function serviceOptions(
  { home }: StandConfig,
  name: string,
  url: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceOptions> {
  const entry = fileURLToPath(new URL("main.js", import.meta.resolve(`@kinopass/${name}`)));
  const own = {
    OTEL_SERVICE_NAME: `kinopass-${name}`,
    [`${name.toUpperCase()}_METRICS_PORT`]: String(await freePort()),
  };
  return { name, entry, url, home, env: { ...env, ...own } };
}

async function openPages(
  config: StandConfig,
  mailbox: Mailbox,
  addresses: Parts["addresses"],
): Promise<void> {
  const app = Fastify({ forceCloseConnections: true, bodyLimit: 16 * 1024, requestTimeout: 10_000 });
  const tracing = config.otlpEndpoint !== undefined;
  pageRoutes(app, { ...addresses, tracing });
  if (tracing) tracePages(app, config);
  socialPages(app, addresses);
  mailboxRoutes(app, mailbox);
  await step("pages", async () => {
    await app.listen({ host: "127.0.0.1", port: config.standPort });
    running.push({ name: "pages", stop: () => app.close() });
    return { value: undefined, says: `on ${addresses.stand}` };
  });
}

function sayWhatNext({ auth, catalog, stand }: Parts["addresses"], tookMs: number): void {
  console.log(`
${bold(`Ready in ${(tookMs / 1000).toFixed(1)} s.`)}

  Open      ${stand}            the start page
            ${stand}/social     social sign-in, every button without a key
            ${stand}/mailbox    letters with codes
            ${auth}/docs       Auth, to try
            ${catalog}/docs       the catalog, to try
  Run       npm run tour                     every promise, request by request (in another terminal)
            npm run kinopass -- --help       the console: superuser, keys, services, partitions
  Stop      Ctrl-C                           the data stays for the next start
`);
}

/** Services drain first, then what they lean on. A second Ctrl-C changes nothing: it is already stopping. */
function stopAll(): Promise<void> {
  stopping ??= (async () => {
    console.log("\n  Stopping: requests under way are finished first.");
    while (running.length > 0) {
      const part = running.pop();
      await part?.stop().catch((error: unknown) => fail(`${part.name}: ${String(error)}`));
    }
    console.log("  Stopped. Nothing is left running; the data stays in .kinopass.\n");
  })();
  return stopping;
}

main().catch(async (error: unknown) => {
  fail(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
  if (running.length > 0) await stopAll();
});
