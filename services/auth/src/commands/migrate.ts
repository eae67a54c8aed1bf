import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { Environment } from "@kinopass/config";
import { createLogger } from "@kinopass/http";
import { type MigrationReport, migrate } from "@kinopass/postgres";
import { Partitions } from "../partitions/partitions.ts";
import { databaseUrlOf, openDatabase } from "./console.ts";

const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), "../../migrations");

/** Brings Auth's schema up to date and makes the months ahead. */
export async function migrateAuth(env: Environment): Promise<MigrationReport> {
  const report = await migrate({ url: databaseUrlOf(env), directory: MIGRATIONS, schema: "auth" });
  const { db, clock, close } = openDatabase(env);
  try {
    const logger = createLogger({ level: "silent", service: "console" });
    await new Partitions({ db, clock, logger }).ensureMonths();
  } finally {
    await close();
  }
  return report;
}
