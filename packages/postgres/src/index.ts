export {
  type Database,
  type DatabaseOptions,
  PostgresDatabase,
  type Result,
  type Statement,
  statement,
  type Transaction,
} from "./database.ts";
export { DatabaseAway, DatabaseRefusal, isLocked } from "./errors.ts";
export { type MigrationReport, migrate } from "./migrate.ts";
export { forgetOtherServers } from "./other-servers.ts";
export { observePool } from "./pool-metrics.ts";
export { Pulse } from "./pulse.ts";
export { Together, type Trips } from "./together.ts";
export { type Transactional, Urgent } from "./urgent.ts";
