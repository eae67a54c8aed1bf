import { areSpansKept, sqlFailed, sqlSpan } from "@kinopass/tracing";
import pg from "pg";
import { asDatabaseError, isConnectionLost } from "./errors.ts";

/** A statement that the server plans once per connection: planning a partitioned query costs more than running it. */
export interface Statement {
  readonly name: string;
  readonly text: string;
  readonly values: readonly unknown[];
}

export interface Result<Row> {
  readonly rows: Row[];
  readonly rowCount: number;
}

/** Something that runs statements: the pool (each statement on its own) or a transaction. */
export interface Database {
  run<Row>(statement: Statement): Promise<Result<Row>>;
}

export interface Transaction extends Database {
  readonly kind: "transaction";
}

export interface DatabaseOptions {
  readonly url: string;
  /** Shown in pg_stat_activity. */
  readonly applicationName: string;
  readonly maxConnections: number;
  /** How long a request may wait for a connection; then the answer is 503, not a hung socket. */
  readonly acquireTimeoutMs: number;
  /** The server gives up on a statement after this; the client destroys the connection a little later. */
  readonly statementTimeoutMs: number;
  readonly lockTimeoutMs: number;
  /** `force_generic_plan` is 1.6 times faster on tables of up to 64 partitions; see docs/decisions. */
  readonly planCacheMode?: "auto" | "force_generic_plan";
}

/** Tries at what somebody faster undid. */
const MOST_ATTEMPTS = 4;

/** Named statements are typed where they are written: `statement<Row>("sessions.open", "insert …")`. */
export function statement<Row>(name: string, text: string) {
  if (name.length > 63) throw new Error(`The statement name ${name} is longer than PostgreSQL keeps (63)`);
  const run = (db: Database, ...values: readonly unknown[]): Promise<Result<Row>> =>
    db.run<Row>({ name, text, values });
  return Object.assign(run, { statementName: name, text });
}

export class PostgresDatabase implements Database {
  readonly #pool: pg.Pool;
  readonly #maxConnections: number;

  constructor(options: DatabaseOptions) {
    this.#maxConnections = options.maxConnections;
    this.#pool = new pg.Pool({
      connectionString: options.url,
      application_name: options.applicationName,
      max: options.maxConnections,
      connectionTimeoutMillis: options.acquireTimeoutMs,
      idleTimeoutMillis: 60_000,
      statement_timeout: options.statementTimeoutMs,
      lock_timeout: options.lockTimeoutMs,
      idle_in_transaction_session_timeout: options.statementTimeoutMs * 4,
      // A frozen server accepts bytes and never answers: only the client's own clock helps.
      query_timeout: options.statementTimeoutMs + 500,
      keepAlive: true,
      options: `-c plan_cache_mode=${options.planCacheMode ?? "auto"}`,
    });
    // An idle connection that dies is replaced by the pool; without a listener it would end the process.
    this.#pool.on("error", () => {});
    // The same for a connection that dies between two statements of a transaction: the next statement tells.
    this.#pool.on("connect", (client) => client.on("error", () => {}));
  }

  /** Counts for metrics and readiness: open, idle and waiting. */
  get counts(): { readonly open: number; readonly idle: number; readonly waiting: number } {
    return { open: this.#pool.totalCount, idle: this.#pool.idleCount, waiting: this.#pool.waitingCount };
  }

  /** Whoever comes now has to wait for a connection. */
  get isFull(): boolean {
    const { open, idle, waiting } = this.counts;
    return waiting > 0 || (idle === 0 && open >= this.#maxConnections);
  }

  /** One statement on its own; tried again like a transaction, since one that lost a race has done nothing. */
  async run<Row>(statement: Statement): Promise<Result<Row>> {
    return await patiently(MOST_ATTEMPTS, () => this.#withClient((client) => runOn<Row>(client, statement)));
  }

  /**
   * Runs `work` in one transaction; serialization failures and deadlocks are tried again, since
   * they mean "somebody was faster", not "this is wrong". No HTTP and no hashing inside.
   */
  async transaction<T>(
    work: (tx: Transaction) => Promise<T>,
    { attempts = MOST_ATTEMPTS }: { readonly attempts?: number } = {},
  ): Promise<T> {
    return await patiently(attempts, () => this.#withClient((client) => inTransaction(client, work)));
  }

  async close(): Promise<void> {
    if (!this.#pool.ending) await this.#pool.end();
  }

  async #withClient<T>(work: (client: pg.PoolClient) => Promise<T>): Promise<T> {
    let client: pg.PoolClient;
    try {
      client = await this.#pool.connect();
    } catch (error) {
      throw asDatabaseError(error, "connect");
    }
    let broken = false;
    try {
      return await work(client);
    } catch (error) {
      broken = isConnectionLost(error);
      throw error;
    } finally {
      // A connection with an unanswered query must not be handed to the next request.
      client.release(broken);
    }
  }
}

/**
 * Statements belong to whoever needs them: a poll in the background, several times a second, makes no traces of one
 * span each. Background work that wants a trace gives itself a span.
 */
const SPAN = { onlyBelow: true };

/** Where no span is kept nobody need hear of a statement that goes well; one that fails is told where it is caught. */
function spanned<Answer>(name: string, query: () => Promise<Answer>): Promise<Answer> {
  return areSpansKept() ? sqlSpan(name, query, SPAN) : query();
}

async function runOn<Row>(client: pg.PoolClient, { name, text, values }: Statement): Promise<Result<Row>> {
  const startedAt = performance.now();
  try {
    const result = await spanned(name, () => client.query({ name, text, values: [...values] }));
    return { rows: result.rows as Row[], rowCount: result.rowCount ?? 0 };
  } catch (error) {
    sqlFailed(name, error, startedAt);
    throw asDatabaseError(error, name);
  }
}

async function inTransaction<T>(client: pg.PoolClient, work: (tx: Transaction) => Promise<T>): Promise<T> {
  const tx: Transaction = { kind: "transaction", run: (statement) => runOn(client, statement) };
  await control(client, "begin");
  try {
    const outcome = await work(tx);
    await control(client, "commit");
    return outcome;
  } catch (error) {
    if (!isConnectionLost(error)) await control(client, "rollback");
    throw error;
  }
}

async function control(client: pg.PoolClient, command: "begin" | "commit" | "rollback"): Promise<void> {
  const startedAt = performance.now();
  try {
    await spanned(command, () => client.query(command));
  } catch (error) {
    sqlFailed(command, error, startedAt);
    throw asDatabaseError(error, command);
  }
}

async function patiently<T>(attempts: number, work: () => Promise<T>): Promise<T> {
  for (let attempt = 1; ; attempt += 1) {
    try {
      return await work();
    } catch (error) {
      if (attempt >= attempts || !isWorthRetrying(error)) throw error;
    }
  }
}

function isWorthRetrying(error: unknown): boolean {
  const code = (error as { sqlState?: string }).sqlState;
  return code === "40001" || code === "40P01";
}
