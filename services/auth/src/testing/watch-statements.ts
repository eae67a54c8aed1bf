import type { PostgresDatabase, Statement, Transaction } from "@kinopass/postgres";

/** Names of the statements that ran, in order; a transaction adds `begin` and `commit` or `rollback`. */
export interface Journal {
  readonly names: readonly string[];
  /** Forgets what ran so far and returns it; a transaction that is still open then is forgotten with it. */
  take(): readonly string[];
}

/** Work that no request waits for runs whenever it likes: it would make two equal requests look different. */
const BACKGROUND = /^(history\.insert|revocations\.since|revocations\.snapshot|keys\.live)$/;

/** Listens on a database object that the whole service shares: what is asked, not how long it takes. */
export function watchStatements(db: PostgresDatabase): Journal {
  let names: string[] = [];
  const note = (name: string, into: string[]) => {
    if (!BACKGROUND.test(name)) into.push(name);
  };
  const run = db.run.bind(db);
  const transaction = db.transaction.bind(db);
  db.run = <Row>(statement: Statement) => {
    note(statement.name, names);
    return run<Row>(statement);
  };
  db.transaction = async <T>(work: (tx: Transaction) => Promise<T>, options = {}) => {
    const into = names;
    const watched = (tx: Transaction) => {
      into.push("begin");
      return work({
        ...tx,
        run: <Row>(statement: Statement) => {
          note(statement.name, into);
          return tx.run<Row>(statement);
        },
      });
    };
    try {
      const outcome = await transaction(watched, options);
      into.push("commit");
      return outcome;
    } catch (error) {
      into.push("rollback");
      throw error;
    }
  };
  return {
    get names() {
      return names;
    },
    take: () => {
      const taken = names;
      names = [];
      return taken;
    },
  };
}
