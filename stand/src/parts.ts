/** What the services lean on: databases, Redis, a mailbox, the social networks. */
import { join } from "node:path";
import { migrateAuth } from "@kinopass/auth/commands";
import { ensureFilms, migrateCatalog } from "@kinopass/catalog/commands";
import { type Emulators, startEmulators } from "@kinopass/emulators";
import { type EmbeddedPostgres, ensureDatabase, startEmbeddedPostgres } from "@kinopass/postgres/embedded";
import { keepRunning } from "./keep-running.ts";
import { Mailbox } from "./mailbox/mailbox.ts";
import { freePort } from "./ports.ts";
import { type LocalRedis, startLocalRedis } from "./redis.ts";
import type { Running } from "./running.ts";
import { note, step } from "./say.ts";
import type { StandConfig } from "./settings.ts";

export interface Databases {
  readonly databaseUrl: string;
  readonly catalogDatabaseUrl: string;
}

export async function openDatabases(config: StandConfig, running: Running): Promise<Databases> {
  if (config.databaseUrl === undefined) return await embeddedDatabases(config, running);
  if (config.catalogDatabaseUrl === undefined)
    throw new Error(
      "DATABASE_URL is set, so set CATALOG_DATABASE_URL as well: the services do not share a database.",
    );
  note("postgres", "your own, by DATABASE_URL and CATALOG_DATABASE_URL");
  return { databaseUrl: config.databaseUrl, catalogDatabaseUrl: config.catalogDatabaseUrl };
}

/** Started again on the same port when it dies: the services find it again by themselves. */
async function embeddedDatabases({ home }: StandConfig, running: Running): Promise<Databases> {
  const directory = join(home, "postgres", "data");
  let server: EmbeddedPostgres | undefined;
  const { stop } = await keepRunning({
    name: "postgres",
    home,
    start: () =>
      step("postgres", async () => {
        // The first time a port that is free just then: one found before the cluster is made may be gone when it is.
        const value = await startEmbeddedPostgres({ directory, port: server?.port ?? 0 });
        return { value, says: `PostgreSQL ${value.version}, embedded, on port ${value.port}` };
      }),
    started: (value) => {
      server = value;
      running.noted("postgres", value.pid);
    },
    say: (line) => note("postgres", line),
    stopping: () => running.unwanted.aborted,
  });
  running.add({ name: "postgres", stop });
  if (server === undefined) throw new Error("PostgreSQL is up and unknown");
  for (const name of ["auth", "catalog"]) await ensureDatabase(server, name);
  return { databaseUrl: server.url("auth"), catalogDatabaseUrl: server.url("catalog") };
}

/** The services would do the same when they start; done here, a newcomer sees what takes the time. */
export async function makeTables({ databaseUrl, catalogDatabaseUrl }: Databases): Promise<void> {
  await step("tables", async () => {
    const auth = await migrateAuth({ DATABASE_URL: databaseUrl });
    const catalog = await migrateCatalog(catalogDatabaseUrl);
    const applied = auth.applied.length + catalog.applied.length;
    return {
      value: undefined,
      says: applied === 0 ? "up to date" : `${applied} migrations applied, the coming months made`,
    };
  });
}

export async function importFilms({ catalogDatabaseUrl }: Databases): Promise<void> {
  await step("films", async () => {
    const { imported } = await ensureFilms({ url: catalogDatabaseUrl });
    const says =
      imported === 0 ? "kept from an earlier start" : `${imported.toLocaleString("en")} real films imported`;
    return { value: undefined, says };
  });
}

export async function openRedis(
  { redisUrl, home }: StandConfig,
  running: Running,
): Promise<string | undefined> {
  if (redisUrl !== undefined) {
    note("redis", "your own, by REDIS_URL");
    return redisUrl;
  }
  const first = await startLocalRedis();
  if (first === undefined) {
    note(
      "redis",
      "none on the PATH: limits are counted inside each process (apt-get install redis-server for the shared ones)",
    );
    return undefined;
  }
  const { stop } = await keepRunning<LocalRedis>({
    name: "redis",
    home,
    start: (again) =>
      step("redis", async () => {
        const value = again ? await startLocalRedis(first.port) : first;
        if (value === undefined) throw new Error("it did not come up");
        return { value, says: value.version };
      }),
    started: ({ pid }) => running.noted("redis", pid),
    say: (line) => note("redis", line),
    stopping: () => running.unwanted.aborted,
  });
  running.add({ name: "redis", stop });
  return first.url;
}

export async function openMailbox(running: Running): Promise<{ mailbox: Mailbox; smtpPort: number }> {
  const smtpPort = await freePort();
  const mailbox = new Mailbox();
  await mailbox.listen(smtpPort);
  running.add({ name: "mailbox", stop: () => mailbox.close() });
  return { mailbox, smtpPort };
}

/** The social networks, played on this machine: every button works without a key. */
export async function openEmulators(running: Running): Promise<Emulators> {
  return await step<Emulators>("networks", async () => {
    const value = await startEmulators({ appName: "Kinopass" });
    running.add({ name: "networks", stop: () => value.close() });
    return { value, says: `nine social sign-ins, emulated, on ${value.url}` };
  });
}
