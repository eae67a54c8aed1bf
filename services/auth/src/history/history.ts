/**
 * When, where and on what somebody signed in, or tried to: what a person looks at to find out whether
 * it was really them. Kept for twelve months besides the running one.
 */
import { type Page, pageFrom } from "@kinopass/http";
import type { Database, Transaction } from "@kinopass/postgres";
import { currentRequest, trace } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../clock.ts";
import type { AccountRef } from "../directory/directory.ts";
import type { Client, Device } from "../http/client.ts";
import { type AccountId, NIL_ACCOUNT, newId, type SessionId } from "../ids.ts";
import type { Secrets } from "../secrets.ts";
import type { Door } from "../sessions/sessions.ts";
import { type Position, readCursor, writeCursor } from "./history-cursor.ts";
import * as queries from "./queries.ts";
import { type MonthMaker, Recorder } from "./recorder.ts";
import { windowsBefore } from "./windows.ts";

/** How a try to sign in ended. Only tries that name an existing account are anybody's history. */
export type Outcome = "signed_in" | "wrong_password" | "account_disabled" | "refused";

export interface SignIn {
  readonly account: AccountRef;
  /** Null where no session was opened. */
  readonly sessionId: SessionId | null;
  readonly outcome: Outcome;
  readonly door: Door;
  readonly device: Device;
  readonly client: Client;
}

export interface PageRequest {
  readonly accountId: AccountId;
  readonly device?: Device["kind"] | undefined;
  readonly cursor?: string | undefined;
  readonly size: number;
}

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly months: MonthMaker;
  readonly logger: FastifyBaseLogger;
}

const LAST_ID = "ffffffff-ffff-ffff-ffff-ffffffffffff";
/** Longer than accounts are known to have been erased. */
const STRAGGLERS_MS = 60 * 60_000;
/** Another replica's clock may run ahead of ours; its rows are shown all the same. */
const CLOCK_SKEW_MS = 60_000;
const MOST_EXPORTED = 20_000;

export class History {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #secrets: Secrets;
  readonly #recorder: Recorder;

  constructor({ db, clock, secrets, months, logger }: Dependencies) {
    this.#db = db;
    this.#clock = clock;
    this.#secrets = secrets;
    this.#recorder = new Recorder({ db, months, logger });
  }

  /** Rows that could not be written since the start. */
  get dropped(): number {
    return this.#recorder.dropped;
  }

  /** Notes a try to sign in. Never waits, never throws: call it and go on. */
  record({ account, sessionId, outcome, door, device, client }: SignIn): void {
    const now = this.#clock.now();
    this.#recorder.add({
      accountId: account.id,
      occurredAt: now,
      id: newId(now),
      sessionId,
      region: account.region,
      outcome,
      door,
      deviceKind: device.kind,
      deviceName: device.name,
      address: client.address,
      userAgent: client.userAgent,
      requestId: currentRequest()?.requestId ?? null,
    });
  }

  /** A page, newest first. Looks at 90 days, and further back only while the page is short. */
  @trace("history.page")
  async page({ accountId, device, cursor, size }: PageRequest): Promise<Page<queries.SignInRow>> {
    const now = this.#clock.now();
    const scope = { accountId, device };
    let before: Position =
      cursor === undefined
        ? { at: new Date(now.getTime() + CLOCK_SKEW_MS), id: LAST_ID }
        : readCursor(this.#secrets, scope, cursor);
    await this.#recorder.flush();
    const found: queries.SignInRow[] = [];
    for (const window of windowsBefore(before.at, now)) {
      const wanted = size + 1 - found.length;
      const { rows } = await queries.signInsBefore(
        this.#db,
        accountId,
        window.from,
        before.at,
        before.id,
        device ?? null,
        wanted,
      );
      found.push(...rows);
      if (found.length > size) break;
      before = { at: window.from, id: NIL_ACCOUNT };
    }
    return pageFrom(found, size, ({ occurred_at: at, id }) => writeCursor(this.#secrets, scope, { at, id }));
  }

  /** Everything that is kept about an account, for its export. */
  async exportOf(accountId: AccountId) {
    await this.#recorder.flush();
    return (await queries.allSignIns(this.#db, accountId, MOST_EXPORTED)).rows;
  }

  /** Deletes an account's history in the transaction that erases the account. */
  async erase(tx: Transaction, accountId: AccountId): Promise<void> {
    await this.#recorder.forget(accountId);
    await queries.eraseSignIns(tx, accountId);
  }

  /**
   * A sign-in that was under way while its account was erased, here or at another replica, notes its row afterwards:
   * rows are written behind the sign-ins' backs. Given the accounts that were erased lately; tells how many rows went.
   */
  async eraseStragglers(erased: readonly AccountId[]): Promise<number> {
    if (erased.length === 0) return 0;
    const since = new Date(this.#clock.now().getTime() - STRAGGLERS_MS);
    return (await queries.eraseStragglers(this.#db, erased, since)).rowCount;
  }

  /** Writes what still waits; for the shutdown. */
  async close(): Promise<void> {
    await this.#recorder.flush();
  }
}
