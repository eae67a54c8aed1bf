import type { Database, PostgresDatabase, Result, Statement, Transaction } from "./database.ts";

/** What runs on its own or in a transaction. */
export type Transactional = Pick<PostgresDatabase, "run" | "transaction">;

/**
 * Room for what must not wait behind a crowd: a few connections of its own, used while all others are taken, for example by
 * statements that wait for a table somebody has locked. They are opened when first needed.
 */
export class Urgent implements Database, Transactional {
  readonly #usual: PostgresDatabase;
  readonly #spare: PostgresDatabase;

  constructor(usual: PostgresDatabase, spare: PostgresDatabase) {
    this.#usual = usual;
    this.#spare = spare;
  }

  async run<Row>(statement: Statement): Promise<Result<Row>> {
    return await this.#roomy().run<Row>(statement);
  }

  async transaction<T>(work: (tx: Transaction) => Promise<T>): Promise<T> {
    return await this.#roomy().transaction(work);
  }

  /** Closes the connections of its own, not the usual ones. */
  async close(): Promise<void> {
    await this.#spare.close();
  }

  #roomy(): PostgresDatabase {
    return this.#usual.isFull ? this.#spare : this.#usual;
  }
}
