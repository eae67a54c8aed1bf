import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { drain, listen } from "@kinopass/http";
import { migrate } from "@kinopass/postgres";
import { buildCatalog, type Surroundings } from "./app.ts";
import { ensureFilms } from "./imports/imports.ts";

export interface RunningCatalog {
  /** Where it listens, e.g. `http://127.0.0.1:8001`. */
  readonly address: string;
  /** Films imported because there were none. */
  readonly imported: number;
  /** Finishes the requests under way and lets go of everything. */
  close(): Promise<void>;
}

/** Brings the catalog's schema up to date. */
export async function migrateCatalog(url: string): Promise<{ readonly applied: readonly string[] }> {
  const directory = join(dirname(fileURLToPath(import.meta.url)), "../migrations");
  return await migrate({ url, directory, schema: "catalog" });
}

/**
 * Migrates, fills an empty catalog, listens.
 *
 * @throws PortTaken, DatabaseAway and what the migration says; nothing stays open then
 */
export async function startCatalog(surroundings: Surroundings): Promise<RunningCatalog> {
  const { config } = surroundings;
  await migrateCatalog(config.databaseUrl);
  const { imported } = await ensureFilms({ url: config.databaseUrl });
  const catalog = await buildCatalog(surroundings);
  try {
    await catalog.prepare();
    const { host, port } = config;
    const address = await listen(catalog.app, { host, port, portVariable: "CATALOG_PORT" });
    return { address, imported, close: () => drain(catalog.app, catalog.close) };
  } catch (error) {
    await catalog.app.close();
    await catalog.close();
    throw error;
  }
}
