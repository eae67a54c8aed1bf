import { type Database, statement } from "./database.ts";

/** A standby answers, and takes nothing that has to be written. */
const ask = statement<{ readonly takes_writes: boolean }>(
  "database.pulse",
  "select not pg_is_in_recovery() as takes_writes",
);

const KEPT_MS = 1_000;

/** Whether the database serves, by its own word, asked once a second at most however many want to know. */
export class Pulse {
  readonly #db: Database;
  #asked: { readonly answer: Promise<boolean>; readonly at: number } | undefined;

  constructor(db: Database) {
    this.#db = db;
  }

  /** Never rejects; takes no longer than a statement may. */
  async beats(): Promise<boolean> {
    const now = performance.now();
    if (this.#asked === undefined || now - this.#asked.at > KEPT_MS)
      this.#asked = { answer: this.#ask(), at: now };
    return await this.#asked.answer;
  }

  async #ask(): Promise<boolean> {
    try {
      const { rows } = await ask(this.#db);
      return rows[0]?.takes_writes === true;
    } catch {
      return false;
    }
  }
}
