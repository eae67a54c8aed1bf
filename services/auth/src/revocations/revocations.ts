/**
 * A revocation says "session S is dead" or "what account A was issued before T is dead". It is
 * written in the transaction that ends the thing, and remembered for one access-token lifetime:
 * after that every token it speaks of has run out.
 */
import type { PostgresDatabase, Transaction } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import type { AccountId, SessionId } from "../ids.ts";
import { ACCESS_TOKEN_SECONDS } from "../tokens/access-tokens.ts";
import * as queries from "./queries.ts";

/** Leeway of the services' clocks, and a margin for a purge that runs late. */
export const REVOCATION_KEPT_MS = (ACCESS_TOKEN_SECONDS + 60) * 1000 + 120_000;

export class Revocations {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;

  constructor({ db, clock }: { db: PostgresDatabase; clock: Clock }) {
    this.#db = db;
    this.#clock = clock;
  }

  /** The sessions are over: whatever was issued in them is dead. Exact, whatever the clocks say. */
  async ofSessions(
    tx: Transaction,
    accountId: AccountId,
    sessions: readonly SessionId[],
    because: string,
  ): Promise<void> {
    if (sessions.length === 0) return;
    await queries.insertRevocation(
      tx,
      this.#clock.now(),
      "session-revoked",
      accountId,
      sessions,
      null,
      because,
    );
  }

  /** Roles or age changed: tokens issued before now tell an old story and must be refreshed. */
  async ofClaims(
    tx: Transaction,
    accountId: AccountId,
    claims: queries.ChangedClaims,
    because: string,
  ): Promise<void> {
    await queries.insertAccountRevocation(
      tx,
      this.#clock.now(),
      "token-claims-change",
      accountId,
      because,
      JSON.stringify(claims),
    );
  }

  /**
   * A password was chosen. It ends nothing by itself: the sessions that it ends are told one by one, so that the device
   * it was chosen on stays signed in. Receivers that judge risk by it (CAEP 1.0 §3.3) would miss it otherwise.
   */
  async ofPassword(
    tx: Transaction,
    accountId: AccountId,
    because: "password_set" | "password_changed" | "password_reset",
  ): Promise<void> {
    await queries.insertAccountRevocation(
      tx,
      this.#clock.now(),
      "credential-change",
      accountId,
      because,
      null,
    );
  }

  /** Accounts whose sessions ended for this reason within the last quarter of an hour. */
  async accountsEnded(because: string, limit: number): Promise<readonly AccountId[]> {
    return (await queries.accountsEnded(this.#db, because, limit)).rows.map((row) => row.account_id);
  }

  /** Deletes a batch of what no token can need any more; tells how many. */
  async purge(limit: number): Promise<number> {
    const before = new Date(this.#clock.now().getTime() - REVOCATION_KEPT_MS);
    return (await queries.purge(this.#db, before, limit)).rowCount;
  }
}
