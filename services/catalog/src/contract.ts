/** The contract as the routes declare it, made without touching a database: run by `npm run generate`. */
import { contractOf, createLogger } from "@kinopass/http";
import { buildCatalog } from "./app.ts";
import { systemClock } from "./clock.ts";
import { readCatalogConfig } from "./config.ts";

export async function catalogContract(): Promise<object> {
  const config = readCatalogConfig({
    CATALOG_DATABASE_URL: "postgres://nowhere.invalid/catalog",
    CATALOG_KEYS: `0:${Buffer.alloc(32).toString("base64")}`,
    CATALOG_URL: "http://127.0.0.1:8001",
  });
  const logger = createLogger({ level: "silent", service: "catalog" });
  const catalog = await buildCatalog({ config, clock: systemClock, logger });
  const document = await contractOf(catalog.app);
  await catalog.app.close();
  await catalog.close();
  return document;
}
