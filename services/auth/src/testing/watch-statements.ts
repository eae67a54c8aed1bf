import type { PostgresDatabase, Statement, Transaction } from "@kinopass/postgres";

/** Names of the statements that ran, in order; a transaction adds `begin` and `commit` or `rollback`. */
export interface Journal {
  readonly names: readonly string[];
  /** Forgets what ran so far and returns it. */
  take(): readonly string[];
}

/** Work that no request waits for runs whenever it likes: it would make two equal requests look different. */
const BACKGROUND = /^(history\.insert|revocations\.since|revocations\.snapshot|keys\.live)$/;

/** Listens on a database object that the whole service shares: what is asked, not how long it takes. */
export function watchStatements(db: PostgresDatabase): Journal {
  const names: string[] = [];
  const note = (name: string) => {
    if (!BACKGROUND.test(name)) names.push(name);
  };
  const run = db.run.bind(db);
  const transaction = db.transaction.bind(db);
  db.run = <Row>(statement: Statement) => {
    note(statement.name);
    return run<Row>(statement);
  };
  db.transaction = async <T>(work: (tx: Transaction) => Promise<T>, options = {}) => {
    const watched = (tx: Transaction) => {
      names.push("begin");
      return work({
        ...tx,
        run: <Row>(statement: Statement) => {
          note(statement.name);
          return tx.run<Row>(statement);
        },
      });
    };
    try {
      const outcome = await transaction(watched, options);
      names.push("commit");
      return outcome;
    } catch (error) {
      names.push("rollback");
      throw error;
    }
  };
  return { names, take: () => names.splice(0) };
}
