/** What the command line does with the catalog: `kinopass catalog …`. */

export { type CommandIo, runImportCommand } from "./imports/import-command.ts";
export {
  type BadRecordReport,
  ensureFilms,
  type ImportedFile,
  type ImportOptions,
  type ImportProgress,
  type ImportReport,
  importFilms,
} from "./imports/imports.ts";
export { migrateCatalog } from "./migrate.ts";
