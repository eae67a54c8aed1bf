import { isLocked, type PostgresDatabase, type Transaction } from "@kinopass/postgres";
import { withLinkedSpan } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Revocations } from "../revocations/revocations.ts";
import { Rounds } from "../rounds.ts";
import { LOCK_WAIT_MS } from "./lock-memory.ts";
import * as queries from "./owed-queries.ts";

const EVERY_MS = 500;
const MOST_AT_ONCE = 200;

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly revocations: Revocations;
  readonly logger: FastifyBaseLogger;
}

/** Ends the sessions whose owners signed out while their table was locked, as soon as it is not; on any replica. */
export class OwedEndings {
  readonly #given: Dependencies;
  readonly #rounds = new Rounds(EVERY_MS, () => this.round());

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  start(): void {
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Never rejects: what cannot be ended now is tried again in half a second. */
  async round(): Promise<void> {
    const { db, logger } = this.#given;
    try {
      if ((await queries.isAnythingOwed(db)).rows.length === 0) return;
      const ended = await withLinkedSpan("sessions.end_owed", undefined, () => this.#endOwed());
      if (ended > 0) logger.info({ ended }, "ended sessions whose owners signed out while they were locked");
    } catch (error) {
      if (!isLocked(error)) logger.warn({ err: error }, "could not end sessions whose owners signed out");
    }
  }

  /** Batch by batch, for as long as each of them leaves less to do. */
  async #endOwed(): Promise<number> {
    let ended = 0;
    for (;;) {
      const batch = await this.#given.db.transaction((tx) => this.#batch(tx));
      ended += batch.ended;
      if (batch.struckOff < MOST_AT_ONCE) return ended;
    }
  }

  async #batch(tx: Transaction): Promise<{ readonly ended: number; readonly struckOff: number }> {
    await queries.limitLockWait(tx, `${LOCK_WAIT_MS}ms`);
    const { rows: owed } = await queries.takeOwed(tx, MOST_AT_ONCE);
    const accounts = owed.map(({ account_id }) => account_id);
    const sessions = owed.map(({ session_id }) => session_id);
    const { rows: ended } = await queries.pay(
      tx,
      accounts,
      sessions,
      owed.map(({ owed_at }) => owed_at),
      owed.map(({ because }) => because),
    );
    // Once more: whoever had waited for the lock with a refresh may have been given a pair, and the lock may have lasted
    // for longer than revocations are remembered.
    for (const { account_id, session_id, because } of ended)
      await this.#given.revocations.ofSessions(tx, account_id, [session_id], because);
    const { rowCount: struckOff } = await queries.strikeOff(tx, accounts, sessions);
    return { ended: ended.length, struckOff };
  }
}
