import type { Database } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import { NIL_ACCOUNT } from "../ids.ts";
import * as queries from "./queries.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
/** Entries walked over at once: some milliseconds' work, and millions a day. */
const STRETCH = 10_000;
const BEFORE_ALL = { account_id: NIL_ACCOUNT as string, id: NIL_ACCOUNT as string };

/** Lets entries go that are older than they are kept. */
export class AuditPurge {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #keptMs: number;
  #walkedTo: { readonly account_id: string; readonly id: string } = BEFORE_ALL;

  constructor({ db, clock, days }: { db: Database; clock: Clock; days: number }) {
    this.#db = db;
    this.#clock = clock;
    this.#keptMs = days * DAY_MS;
  }

  /** Walks over the next entries and deletes the old ones; tells how many. */
  async purge(): Promise<number> {
    const { account_id: account, id } = this.#walkedTo;
    const before = new Date(this.#clock.now().getTime() - this.#keptMs);
    const { rows } = await queries.stretch(this.#db, account, id, before, STRETCH);
    this.#walkedTo = (rows.length < STRETCH ? undefined : rows.at(-1)) ?? BEFORE_ALL;
    const old = rows.filter(({ is_old }) => is_old);
    if (old.length === 0) return 0;
    const [accounts, ids] = [old.map(({ account_id }) => account_id), old.map((entry) => entry.id)];
    return (await queries.removeEntries(this.#db, accounts, ids)).rowCount;
  }
}
