import { runner } from "node-pg-migrate";
import pg from "pg";

export interface MigrationReport {
  readonly applied: readonly string[];
}

/**
 * Applies the plain SQL files of `directory` that this database has not seen, in order, each in its
 * own transaction. Replicas that start together queue on an advisory lock, so any may come first.
 */
export async function migrate({
  url,
  directory,
  schema,
}: {
  url: string;
  directory: string;
  schema: string;
}): Promise<MigrationReport> {
  const client = new pg.Client({
    connectionString: url,
    application_name: "kinopass-migrate",
    connectionTimeoutMillis: 5_000,
    // DDL must not queue behind a long reader and everybody else behind it.
    lock_timeout: 5_000,
    statement_timeout: 600_000,
  });
  // A server that goes away is told twice: by the statement under way, which counts, and by this event, which nobody needs.
  client.on("error", quiet);
  await client.connect();
  try {
    const applied = await runner({
      dbClient: client,
      dir: directory,
      direction: "up",
      migrationsTable: "migrations",
      migrationsSchema: schema,
      schema: [schema],
      createSchema: true,
      createMigrationsSchema: true,
      checkOrder: true,
      singleTransaction: false,
      advisoryLockMode: "wait",
      logger: { debug: quiet, info: quiet, warn: quiet, error: (text) => console.error(text) },
    });
    return { applied: applied.map(({ name }) => name) };
  } finally {
    await client.end();
  }
}

function quiet(): void {}
