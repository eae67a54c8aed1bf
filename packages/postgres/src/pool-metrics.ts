import { meter } from "@kinopass/tracing";
import type { PostgresDatabase } from "./database.ts";

/**
 * Shows a pool's connections, named as the OpenTelemetry semantic conventions have it. Call it once a process and pool.
 *
 * @param name of the pool, e.g. the application's
 */
export function observePool(db: Pick<PostgresDatabase, "counts">, name: string): void {
  const pool = { "db.client.connection.pool.name": name };
  const state = (value: string) => ({ ...pool, "db.client.connection.state": value });
  meter().observe(
    "db.client.connection.count",
    { unit: "{connection}", description: "Open connections by state" },
    () => [
      [db.counts.idle, state("idle")],
      [db.counts.open - db.counts.idle, state("used")],
    ],
  );
  meter().observe(
    "db.client.connection.pending_requests",
    { unit: "{request}", description: "Who waits for a connection" },
    () => [[db.counts.waiting, pool]],
  );
}
