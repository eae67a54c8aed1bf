/** The catalog as other workspaces may use it; the service itself is started by main.ts. */
export {
  buildCatalog,
  type Catalog,
  type RunningCatalog,
  type Surroundings,
  startCatalog,
} from "./app.ts";
export { type Clock, systemClock } from "./clock.ts";
export { type Config, readCatalogConfig } from "./config.ts";
export { catalogContract } from "./contract.ts";
export { ensureFilms } from "./imports/imports.ts";
export { MIGRATIONS, migrateCatalog } from "./migrate.ts";
export { type GrantClaims, Grants } from "./playback/grants.ts";
export { Signer } from "./secrets.ts";
