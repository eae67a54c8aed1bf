import { type Environment, type Reader, readConfig } from "@kinopass/config";

export type Config = ReturnType<typeof read>;

/** Reads the catalog's configuration; throws `ConfigError` with every mistake. Secrets never have defaults. */
export function readCatalogConfig(env: Environment): Config {
  return readConfig(env, read);
}

/** The command line needs only the database. */
export function readDatabaseUrl(env: Environment): string {
  return readConfig(env, databaseUrl);
}

function read(reader: Reader) {
  const port = reader.port("CATALOG_PORT", 8001);
  return {
    host: reader.text("CATALOG_HOST", "127.0.0.1"),
    port,
    /** Where clients find us; stands in the contract. */
    publicUrl: reader.url("CATALOG_URL", ["http", "https"], `http://127.0.0.1:${port}`).replace(/\/$/, ""),
    databaseUrl: databaseUrl(reader),
    databaseConnections: reader.integer("CATALOG_DATABASE_CONNECTIONS", 10, { min: 2, max: 200 }),
    /** Longest wait for a free connection, and longest run of a statement; then the answer is 503. */
    databaseWaitMs: reader.integer("CATALOG_DATABASE_WAIT_MS", 400, { min: 10, max: 60_000 }),
    statementTimeoutMs: reader.integer("CATALOG_STATEMENT_TIMEOUT_MS", 1_000, { min: 10, max: 60_000 }),
    issuer: reader.url("AUTH_ISSUER", ["http", "https"], "http://127.0.0.1:8000").replace(/\/$/, ""),
    audience: reader.text("AUTH_AUDIENCE", "kinopass"),
    /** Where Auth is reached from here, if not at the issuer's address. */
    authUrl:
      reader.optional("AUTH_URL") === undefined ? undefined : reader.url("AUTH_URL", ["http", "https"]),
    credential: credential(reader),
    /** Keys and revocations outlive a restart here; a directory of this service alone. */
    guardDirectory: reader.optional("CATALOG_GUARD_DIRECTORY"),
    /** Signs cursors and playback grants; the streaming edge has the same. */
    keys: reader.keyring("CATALOG_KEYS", 32),
    redisUrl:
      reader.optional("REDIS_URL") === undefined ? undefined : reader.url("REDIS_URL", ["redis", "rediss"]),
    replicas: reader.integer("CATALOG_REPLICAS", 1, { min: 1, max: 1000 }),
    /** JSON of what differs from the default limits (docs/limits.md); followed while the service runs. */
    limitsFile: reader.optional("LIMITS_FILE"),
    trustedProxies: reader.list("TRUSTED_PROXIES"),
    trustedTraceNetworks: reader.list("TRUSTED_TRACE_NETWORKS"),
    /** GET /metrics for Prometheus, on a port that viewers cannot reach; port 0 is off. */
    metrics: {
      host: reader.text("CATALOG_METRICS_HOST", "127.0.0.1"),
      port: reader.port("CATALOG_METRICS_PORT", 9465),
    },
    logLevel: reader.choice(
      "LOG_LEVEL",
      ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
      "info",
    ),
  };
}

/** A database of our own, or the one that all services share by schema. */
function databaseUrl(reader: Reader): string {
  const shared = reader.optional("CATALOG_DATABASE_URL") === undefined && reader.optional("DATABASE_URL");
  return reader.url(shared ? "DATABASE_URL" : "CATALOG_DATABASE_URL", ["postgres", "postgresql"]);
}

/** Both or neither; without it revocations are not heard, and every caller is known as of the token's issue only. */
function credential(reader: Reader): { readonly id: string; readonly secret: string } | undefined {
  const id = reader.optional("CATALOG_SERVICE_ID");
  const secret = reader.optional("CATALOG_SERVICE_SECRET");
  if (id === undefined && secret === undefined) return undefined;
  if (id !== undefined && secret !== undefined) return { id, secret };
  reader.mistake("CATALOG_SERVICE_ID and CATALOG_SERVICE_SECRET go together (kinopass service add)");
  return undefined;
}
