/**
 * What an operator's command works with: the same capabilities as the service, over the same database
 * and keys, without the service. Mail that a command causes waits in the queue; the service sends it.
 */
import type { Environment } from "@kinopass/config";
import { readConfig } from "@kinopass/config";
import { createLogger } from "@kinopass/http";
import type { PostgresDatabase } from "@kinopass/postgres";
import { buildAuth, type Capabilities } from "../app.ts";
import { Audit } from "../audit/audit.ts";
import { type Clock, systemClock } from "../clock.ts";
import { readAuthConfig } from "../config.ts";
import { maintenanceDatabase } from "../partitions/upkeep.ts";

/** The act of whoever sits at the console; the audit trail says no more, since we know no more. */
export const CONSOLE = { kind: "console" } as const;

export interface Console {
  readonly capabilities: Capabilities;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** Everything a command about accounts needs; the rest of the service's variables may be absent. */
const NEEDED = [
  "DATABASE_URL",
  "AUTH_KEYS",
  "AUTH_DIRECTORY_KEY",
  "AUTH_HASH_MEMORY_KIB",
  "AUTH_HASH_ITERATIONS",
  "AUTH_HASH_PARALLELISM",
] as const;

/** No command sends mail or listens, so these say nothing; the configuration asks for them all the same. */
const UNUSED = { SMTP_URL: "smtp://127.0.0.1:1", LOG_LEVEL: "silent", AUTH_HASH_WORKERS: "1" };

/** Throws `ConfigError` with every variable that is missing or wrong. */
export async function openConsole(env: Environment, clock: Clock = systemClock): Promise<Console> {
  const given = NEEDED.flatMap((name) => [name, `${name}_FILE`]).map((name) => [name, env[name]] as const);
  const config = readAuthConfig({ ...Object.fromEntries(given), ...UNUSED });
  const logger = createLogger({ level: "silent", service: "console" });
  const auth = await buildAuth({ config, clock, logger });
  return {
    capabilities: auth.capabilities,
    clock,
    close: async () => {
      await auth.app.close();
      await auth.close();
    },
  };
}

export interface DatabaseConsole {
  readonly db: PostgresDatabase;
  readonly audit: Audit;
  readonly clock: Clock;
  close(): Promise<void>;
}

/** For commands that need the database alone. It has patience: what an operator asks for may take minutes. */
export function openDatabase(env: Environment, clock: Clock = systemClock): DatabaseConsole {
  const db = maintenanceDatabase(databaseUrlOf(env));
  return { db, audit: new Audit({ clock }), clock, close: () => db.close() };
}

export function databaseUrlOf(env: Environment): string {
  return readConfig(env, (reader) => reader.url("DATABASE_URL", ["postgres", "postgresql"]));
}

/** The keys of AUTH_KEYS, for commands that make or read what they seal. */
export function mastersOf(env: Environment) {
  return readConfig(env, (reader) => ({
    databaseUrl: reader.url("DATABASE_URL", ["postgres", "postgresql"]),
    masters: reader.keyring("AUTH_KEYS", 32),
  }));
}
