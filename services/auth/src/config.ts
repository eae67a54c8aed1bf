import { type Environment, type Reader, readConfig } from "@kinopass/config";
import { readSocialSettings } from "./social/settings.ts";

export type Config = ReturnType<typeof read>;

/** Reads Auth's configuration; throws `ConfigError` with every mistake. Secrets never have defaults. */
export function readAuthConfig(env: Environment) {
  return readConfig(env, (reader) => read(reader, env));
}

function read(reader: Reader, env: Environment) {
  const port = reader.port("AUTH_PORT", 8000);
  const issuer = reader.url("AUTH_ISSUER", ["http", "https"], `http://127.0.0.1:${port}`).replace(/\/$/, "");
  const siteUrl = reader.url("AUTH_SITE_URL", ["http", "https"], "http://127.0.0.1:8080").replace(/\/$/, "");
  return {
    host: reader.text("AUTH_HOST", "127.0.0.1"),
    port,
    /** What tokens name as their issuer, and where clients find us. Never taken from a Host header. */
    issuer,
    audience: reader.text("AUTH_AUDIENCE", "kinopass"),
    /** Where links in mails lead; the page takes the code from there. */
    siteUrl,
    /** Providers with credentials are on; docs/social says what each needs. */
    social: readSocialSettings(reader, env, { issuer, siteUrl }),
    databaseUrl: reader.url("DATABASE_URL", ["postgres", "postgresql"]),
    databaseConnections: reader.integer("DATABASE_CONNECTIONS", 16, { min: 2, max: 200 }),
    /** How long a request waits for a connection or a lock before it answers 503; a statement may take two and a half times as long. */
    databaseWaitMs: reader.integer("DATABASE_WAIT_MS", 400, { min: 50, max: 60_000 }),
    redisUrl:
      reader.optional("REDIS_URL") === undefined ? undefined : reader.url("REDIS_URL", ["redis", "rediss"]),
    /** JSON of what differs from the default limits (docs/limits.md); followed while the service runs. */
    limitsFile: reader.optional("LIMITS_FILE"),
    replicas: reader.integer("AUTH_REPLICAS", 1, { min: 1, max: 1000 }),
    masters: reader.keyring("AUTH_KEYS", 32),
    directoryKey: reader.secret("AUTH_DIRECTORY_KEY", 32),
    smtpUrl: reader.url("SMTP_URL", ["smtp", "smtps"]),
    mailFrom: reader.text("MAIL_FROM", "Kinopass <no-reply@kinopass.example>"),
    /** Tells the captcha's sum as text as well, for screen readers. A machine reads that without effort. */
    captchaText: reader.boolean("AUTH_CAPTCHA_TEXT", false),
    /** How long the audit trail keeps an entry; they hold addresses. */
    auditDays: reader.integer("AUTH_AUDIT_DAYS", 365, { min: 1, max: 36_500 }),
    trustedProxies: reader.list("TRUSTED_PROXIES"),
    trustedTraceNetworks: reader.list("TRUSTED_TRACE_NETWORKS"),
    /** GET /metrics for Prometheus, on a port that viewers cannot reach; port 0 is off. */
    metrics: {
      host: reader.text("AUTH_METRICS_HOST", "127.0.0.1"),
      port: reader.port("AUTH_METRICS_PORT", 9464),
    },
    logLevel: reader.choice(
      "LOG_LEVEL",
      ["fatal", "error", "warn", "info", "debug", "trace", "silent"],
      "info",
    ),
    /** Password hashes computed at the same time; each takes a core and 19 MiB while it runs. */
    hashWorkers: reader.integer("AUTH_HASH_WORKERS", 0, { min: 0, max: 64 }),
    /** Of argon2id; OWASP's least is the default and the floor. Hashes of another cost are renewed at sign-in. */
    hashCost: {
      memoryKib: reader.integer("AUTH_HASH_MEMORY_KIB", 19_456, { min: 19_456, max: 1_048_576 }),
      iterations: reader.integer("AUTH_HASH_ITERATIONS", 2, { min: 2, max: 100 }),
      parallelism: reader.integer("AUTH_HASH_PARALLELISM", 1, { min: 1, max: 16 }),
    },
  };
}
