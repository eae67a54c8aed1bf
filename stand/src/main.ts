/** The one-command stand: everything the cinema needs, on this machine, with real parts. */
import { rmSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Emulators } from "@kinopass/emulators";
import { forgetOtherServers } from "@kinopass/postgres";
import Fastify from "fastify";
import { catalogCredential } from "./catalog-credential.ts";
import { demandHome } from "./home.ts";
import { keepRunning } from "./keep-running.ts";
import { commandOf, takeOver } from "./leftovers.ts";
import type { Mailbox } from "./mailbox/mailbox.ts";
import { mailboxRoutes } from "./mailbox/routes.ts";
import { pageRoutes } from "./pages/routes.ts";
import { socialPages } from "./pages/social.ts";
import { tracePages } from "./pages/traces.ts";
import {
  type Databases,
  importFilms,
  makeTables,
  openDatabases,
  openEmulators,
  openMailbox,
  openRedis,
} from "./parts.ts";
import { demandFreePorts, freePort } from "./ports.ts";
import { Running } from "./running.ts";
import { bold, dim, fail, note, step } from "./say.ts";
import { type ServiceOptions, startService } from "./services.ts";
import { keptSecrets, publishStand, readStandConfig, type StandConfig, withWishes } from "./settings.ts";

/** Everybody comes from this machine's one address here, so the limits by address are wider; by account they are the defaults. */
const WIDER_LIMITS = fileURLToPath(new URL("../src/limits.json", import.meta.url));

const running = new Running();

async function main(): Promise<void> {
  const config = readStandConfig(process.env);
  console.log(
    `\n${bold("Kinopass")} ${dim("the Auth service of an online cinema, and the services around it")}\n`,
  );
  demandHome(config.home);
  const left = await takeOver(config.home);
  if (left.length > 0)
    note("leftovers", `of a stand that was killed, stopped: ${left.join(", ")}. Its data is here.`);
  await demandFreePorts([
    { port: config.authPort, what: "Auth", variable: "AUTH_PORT" },
    { port: config.catalogPort, what: "the catalog", variable: "CATALOG_PORT" },
    { port: config.standPort, what: "the stand's pages", variable: "STAND_PORT" },
  ]);
  if (config.databaseUrl === undefined) forgetOtherServers(process.env);
  const databases = await openDatabases(config, running);
  await makeTables(databases);
  running.proceed();
  const films = importFilms(databases);
  // Auth does not wait for them; the catalog does, and says what went wrong.
  films.catch(() => {});
  const redisUrl = await openRedis(config, running);
  const { mailbox, smtpPort } = await openMailbox(running);
  const emulators = await openEmulators(running);
  const addresses = {
    auth: `http://127.0.0.1:${config.authPort}`,
    catalog: `http://127.0.0.1:${config.catalogPort}`,
    stand: `http://127.0.0.1:${config.standPort}`,
    emulators: emulators.url,
  };
  const own = environment(config, { ...databases, redisUrl, smtpPort, addresses, emulators });
  const { env, ignored } = withWishes({ LIMITS_FILE: WIDER_LIMITS, ...config.wishes }, own);
  if (ignored.length > 0) note("settings", `the stand's own, whatever you set: ${ignored.join(", ")}`);
  running.add({
    name: "settings",
    stop: async () => rmSync(join(config.home, "stand.json"), { force: true }),
  });
  running.onProcess = () => publish(config, env, addresses);
  running.onProcess();
  await openServices(config, env, addresses, films);
  await openPages(config, mailbox, addresses);
  // Since this process began, compiling included: it is what the person waited for.
  sayWhatNext(addresses, performance.now());
}

function publish(
  { home }: StandConfig,
  env: Readonly<Record<string, string>>,
  addresses: Parts["addresses"],
): void {
  const { pids } = running;
  const commands = Object.fromEntries(Object.entries(pids).map(([name, pid]) => [name, commandOf(pid)]));
  publishStand(home, { env, addresses, pids, commands });
}

interface Parts extends Databases {
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
    SMTP_URL: `smtp://127.0.0.1:${smtpPort}`,
  };
}

async function openServices(
  config: StandConfig,
  env: Record<string, string>,
  addresses: Parts["addresses"],
  films: Promise<void>,
): Promise<void> {
  const start = async (name: "auth" | "catalog", own: Record<string, string>) => {
    const options = await serviceOptions(config, name, addresses[name], own);
    const { stop } = await keepRunning({
      name,
      home: config.home,
      log: join(config.home, "logs", `${name}.log`),
      start: (again) =>
        step(name, async () => ({
          value: await startService({ ...options, again, unwanted: running.unwanted }),
          says: `on ${options.url}`,
        })),
      started: ({ pid }) => running.noted(name, pid),
      say: (line) => note(name, line),
      stopping: () => running.unwanted.aborted,
    });
    running.add({ name, stop });
  };
  await start("auth", env);
  const credential = await catalogCredential(config.home, env);
  await films;
  await start("catalog", { ...env, ...credential });
}

async function serviceOptions(
  { home }: StandConfig,
  name: string,
  url: string,
  env: Readonly<Record<string, string>>,
): Promise<ServiceOptions> {
  const entry = fileURLToPath(new URL("main.js", import.meta.resolve(`@kinopass/${name}`)));
  const metricsPort = `${name.toUpperCase()}_METRICS_PORT`;
  const own = {
    OTEL_SERVICE_NAME: `kinopass-${name}`,
    [metricsPort]: env[metricsPort] ?? String(await freePort()),
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
    running.add({ name: "pages", stop: () => app.close() });
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
  Run       npm run tour                     a walk, request by request (in another terminal)
            npm run kinopass -- --help       the console: superuser, keys, services, partitions
  Stop      Ctrl-C                           the data stays for the next start
`);
}

/** A second Ctrl-C changes nothing: it is already stopping. */
async function stopAll(): Promise<void> {
  if (running.unwanted.aborted) return;
  const quiet = running.isEmpty;
  if (!quiet) console.log("\n  Stopping: requests under way are finished first.");
  await running.stop(started, ({ name }, error) => fail(`${name}: ${String(error)}`));
  if (!quiet) console.log(`  Stopped. Nothing is left running; the data stays in ${homeForPeople()}.\n`);
}

/** As it was given, or as it is seen from where the stand was started. */
function homeForPeople(): string {
  return process.env["KINOPASS_HOME"] ?? ".kinopass";
}

// SIGHUP is a terminal that was closed; then there is nobody left to read what is said, which must not be an error.
for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.on(signal, () => void stopAll());
for (const stream of [process.stdout, process.stderr]) stream.on("error", () => {});

const started = main();
started.catch((error: unknown) => {
  if (running.unwanted.aborted) return;
  fail(error instanceof Error ? error.message : String(error));
  process.exitCode = 1;
  void stopAll();
});
