import pg from "pg";

/** The database did not answer (in time). The viewer is not at fault: services answer 503 and "try again". */
export class DatabaseAway extends Error {
  override readonly name = "DatabaseAway";
}

/** The database refused a statement. `sqlState` is PostgreSQL's code, `constraint` the promise that was broken. */
export class DatabaseRefusal extends Error {
  override readonly name = "DatabaseRefusal";
  readonly sqlState: string;
  readonly constraint: string | undefined;

  constructor(message: string, sqlState: string, constraint: string | undefined, options: ErrorOptions) {
    super(message, options);
    this.sqlState = sqlState;
    this.constraint = constraint;
  }
}

/** The statement waited for a row or table that somebody else had locked, for longer than it may (lock_timeout). */
export function isLocked(error: unknown): boolean {
  return (
    error instanceof DatabaseAway && error.cause instanceof pg.DatabaseError && error.cause.code === "55P03"
  );
}

/** Classes of SQLSTATE that speak of the server's state, not of our statement (PostgreSQL manual, appendix A). */
const AWAY_STATES: ReadonlySet<string> = new Set([
  "57014", // query_canceled: statement_timeout
  "55P03", // lock_not_available: lock_timeout
  "57P01", // admin_shutdown
  "57P02", // crash_shutdown
  "57P03", // cannot_connect_now
  "57P05", // idle_session_timeout
  "25006", // read_only_sql_transaction: a standby that is not promoted yet
  "25P03", // idle_in_transaction_session_timeout
]);

export function asDatabaseError(error: unknown, statement: string): Error {
  if (error instanceof DatabaseAway || error instanceof DatabaseRefusal) return error;
  if (!(error instanceof pg.DatabaseError) || error.code === undefined) {
    return new DatabaseAway(`The database did not answer ${statement}`, { cause: error });
  }
  const away =
    AWAY_STATES.has(error.code) ||
    error.code.startsWith("08") ||
    error.code.startsWith("53") ||
    error.code.startsWith("58");
  if (away)
    return new DatabaseAway(`The database could not run ${statement} (${error.code})`, { cause: error });
  return new DatabaseRefusal(
    `The database refused ${statement} (${error.code})`,
    error.code,
    error.constraint,
    { cause: error },
  );
}

/**
 * Whether the connection itself can no longer be trusted. A cancelled statement leaves it usable. One to a server that takes
 * no writes works, and is of no use: after a failover a new one leads to the new primary.
 */
export function isConnectionLost(error: unknown): boolean {
  if (error instanceof DatabaseRefusal) return false;
  if (!(error instanceof DatabaseAway)) return false;
  const cause = error.cause;
  if (!(cause instanceof pg.DatabaseError)) return true;
  return cause.code !== "57014" && cause.code !== "55P03";
}
