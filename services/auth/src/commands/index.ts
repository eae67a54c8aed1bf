/** What the command line does with Auth: `kinopass …`. */

export { eraseAccount, exportAccount, findAccount, moveAccount } from "./accounts.ts";
export { openConsole, openDatabase } from "./console.ts";
export {
  type ImportRecord,
  type ImportTotals,
  importAccounts,
} from "./import-accounts.ts";
export { type KeyReport, openKeys, reseal } from "./keys.ts";
export { migrateAuth } from "./migrate.ts";
export {
  apply as applyPartitions,
  type NewRegion,
  type Plan,
  plan as planPartitions,
  type Step,
} from "./partitions.ts";
export { openServices, type Scope } from "./services.ts";
export { makeSuperuser } from "./superuser.ts";
