/** The contracts of Kinopass, generated from the routes: documents in ../openapi, types for clients here. */
export type {
  components as AuthComponents,
  operations as AuthOperations,
  paths as AuthPaths,
} from "./generated/auth.ts";
export type {
  components as CatalogComponents,
  operations as CatalogOperations,
  paths as CatalogPaths,
} from "./generated/catalog.ts";
