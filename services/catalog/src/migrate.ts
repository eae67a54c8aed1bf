import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type MigrationReport, migrate } from "@kinopass/postgres";

/** Where the plain SQL files lie. */
export const MIGRATIONS = join(dirname(fileURLToPath(import.meta.url)), "../migrations");

/** Brings the catalog's schema up to date; replicas and commands may do it together. */
export async function migrateCatalog(url: string): Promise<MigrationReport> {
  return await migrate({ url, directory: MIGRATIONS, schema: "catalog" });
}
