import { randomBytes } from "node:crypto";
import { writeFileSync } from "node:fs";
import { join } from "node:path";

export interface Place {
  /** A directory that goes when the services do. */
  readonly home: string;
  readonly databaseUrl: string;
  readonly catalogDatabaseUrl: string;
  readonly authPort: number;
  readonly catalogPort: number;
  readonly smtpPort: number;
}

/**
 * What Auth and the catalog are started with by tests and measurements, which want services of their own beside others:
 * keys that nobody else has, and no limit for this machine, since all the load comes from it on purpose.
 */
export function privateEnvironment({ home, ...place }: Place): Readonly<Record<string, string>> {
  const limitsFile = join(home, "limits.json");
  writeFileSync(limitsFile, JSON.stringify({ allow: ["127.0.0.0/8"] }));
  const key = () => randomBytes(32).toString("base64");
  return {
    LIMITS_FILE: limitsFile,
    DATABASE_URL: place.databaseUrl,
    CATALOG_DATABASE_URL: place.catalogDatabaseUrl,
    AUTH_KEYS: `1:${key()}`,
    AUTH_DIRECTORY_KEY: key(),
    CATALOG_KEYS: `1:${key()}`,
    AUTH_PORT: String(place.authPort),
    AUTH_ISSUER: `http://127.0.0.1:${place.authPort}`,
    CATALOG_PORT: String(place.catalogPort),
    CATALOG_GUARD_DIRECTORY: join(home, "guard"),
    SMTP_URL: `smtp://127.0.0.1:${place.smtpPort}`,
  };
}
