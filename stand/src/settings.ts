import { randomBytes } from "node:crypto";
import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { readConfig } from "@kinopass/config";

const OF_SERVICES = /^(AUTH|CATALOG|DATABASE|LIMITS|LOG|MAIL|OTEL|TRUSTED)_/;

/** What the stand may be told; everything has a default, so that one command is enough. */
export function readStandConfig(env: NodeJS.ProcessEnv) {
  return readConfig(env, (read) => ({
    home: read.text("KINOPASS_HOME", join(process.cwd(), ".kinopass")),
    authPort: read.port("AUTH_PORT", 8000),
    catalogPort: read.port("CATALOG_PORT", 8001),
    standPort: read.port("STAND_PORT", 8080),
    databaseUrl: read.optional("DATABASE_URL"),
    catalogDatabaseUrl: read.optional("CATALOG_DATABASE_URL"),
    redisUrl: read.optional("REDIS_URL"),
    /** What the person says to the services themselves; docs/operating.md and docs/tracing.md list what counts. */
    wishes: Object.fromEntries(Object.entries(env).filter(([name]) => OF_SERVICES.test(name))) as Record<
      string,
      string
    >,
    otlpEndpoint: read.optional("OTEL_EXPORTER_OTLP_ENDPOINT"),
    jaegerUi: read.url("JAEGER_UI", ["http", "https"], "http://127.0.0.1:16686").replace(/\/$/, ""),
  }));
}

export type StandConfig = ReturnType<typeof readStandConfig>;

/**
 * The environment of the services: what the person wishes, except where the stand must know better, because it opened
 * what the variable points at. `ignored` is for the person, who would wonder otherwise.
 */
export function withWishes(
  wishes: Readonly<Record<string, string>>,
  own: Readonly<Record<string, string>>,
): { readonly env: Record<string, string>; readonly ignored: readonly string[] } {
  // A secret may be given as the name of a file, too.
  const isOwned = (name: string) => name in own || name.replace(/_FILE$/, "") in own;
  const ignored = Object.keys(wishes).filter((name) => isOwned(name) && wishes[name] !== own[name]);
  const taken = Object.entries(wishes).filter(([name]) => !isOwned(name));
  return { env: { ...Object.fromEntries(taken), ...own }, ignored: ignored.sort() };
}

const SECRETS = {
  AUTH_KEYS: () => `1:${randomBytes(32).toString("base64")}`,
  AUTH_DIRECTORY_KEY: () => randomBytes(32).toString("base64"),
  CATALOG_KEYS: () => `1:${randomBytes(32).toString("base64")}`,
} as const;

/**
 * Secrets of the stand are made once and kept beside its data: with others, a second start could not
 * read what the first one wrote. Production has no such file and no defaults.
 */
export function keptSecrets(home: string): Record<string, string> {
  const file = join(home, "secrets.json");
  const kept = existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Record<string, string>) : {};
  const whole = {
    ...Object.fromEntries(Object.entries(SECRETS).map(([name, make]) => [name, make()])),
    ...kept,
  };
  mkdirSync(home, { recursive: true });
  writeFileSync(file, JSON.stringify(whole, null, 2), { mode: 0o600 });
  return whole;
}

export interface PublishedStand {
  readonly env: Readonly<Record<string, string>>;
  readonly addresses: Readonly<Record<string, string>>;
  /** Of the stand itself and of each process that runs for it. */
  readonly pids: Readonly<Record<string, number>>;
  /** What each of these processes was started as: tells them from others that got the same number later. */
  readonly commands?: Readonly<Record<string, string>>;
}

/** Lets `npm run kinopass` and the tour reach this stand without a word of configuration. Replaced whole: nobody reads half. */
export function publishStand(home: string, published: PublishedStand): void {
  const file = join(home, "stand.json");
  writeFileSync(`${file}.new`, JSON.stringify(published, null, 2), { mode: 0o600 });
  renameSync(`${file}.new`, file);
}
