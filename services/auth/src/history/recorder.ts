/**
 * Writes history rows behind the sign-ins' backs: a sign-in never waits for its row and never fails
 * because of it. Rows gather for at most 50 ms and go out in one statement. What cannot be written is
 * dropped, counted and logged: history is a convenience, the audit trail is the record.
 */
import { AsyncResource } from "node:async_hooks";
import { type Database, DatabaseAway, DatabaseRefusal } from "@kinopass/postgres";
import { type CounterInstrument, meter, withLinkedSpan } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { AccountId, RegionCode, SessionId } from "../ids.ts";
import * as queries from "./queries.ts";

export interface NewRow {
  readonly accountId: AccountId;
  readonly occurredAt: Date;
  readonly id: string;
  readonly sessionId: SessionId | null;
  readonly region: RegionCode;
  readonly outcome: string;
  readonly door: string;
  readonly deviceKind: string;
  readonly deviceName: string | null;
  readonly address: string;
  readonly userAgent: string | null;
  readonly requestId: string | null;
}

/** What makes a month that nobody made. */
export interface MonthMaker {
  ensureMonths(from?: Date): Promise<void>;
}

interface Dependencies {
  readonly db: Database;
  readonly months: MonthMaker;
  readonly logger: FastifyBaseLogger;
  readonly mostQueued?: number;
}

const GATHER_MS = 50;
const BATCH_ROWS = 500;
const MOST_QUEUED = 10_000;
/** "no partition of relation … found for row" comes as a check violation. */
const NO_PARTITION = "23514";

export class Recorder {
  readonly #db: Database;
  readonly #months: MonthMaker;
  readonly #logger: FastifyBaseLogger;
  readonly #mostQueued: number;
  readonly #droppedCounter: CounterInstrument;
  /** The rows are many people's: bound to where this was made, they are written outside the request that came first. */
  readonly #drain = AsyncResource.bind(() => this.#writeQueued());
  #queue: NewRow[] = [];
  #writing: Promise<void> = Promise.resolve();
  #timer: NodeJS.Timeout | undefined;
  #dropped = 0;

  constructor({ db, months, logger, mostQueued = MOST_QUEUED }: Dependencies) {
    this.#db = db;
    this.#months = months;
    this.#logger = logger;
    this.#mostQueued = mostQueued;
    this.#droppedCounter = meter().counter("kinopass.auth.sign_ins_dropped", {
      description: "History rows that could not be written",
    });
  }

  /** Rows given up since the start. */
  get dropped(): number {
    return this.#dropped;
  }

  /** Never waits, never throws. A full queue means the database is away: the newest row gives way. */
  add(row: NewRow): void {
    if (this.#queue.length >= this.#mostQueued) {
      this.#drop(1, "the queue is full");
      return;
    }
    this.#queue.push(row);
    this.#timer ??= setTimeout(() => void this.flush(), GATHER_MS).unref();
  }

  /** Resolves when everything added so far is written or dropped. Never rejects. */
  flush(): Promise<void> {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    this.#writing = this.#writing.then(() => this.#drain());
    return this.#writing;
  }

  /** An erased account's rows must not arrive after the erasure. */
  async forget(accountId: AccountId): Promise<void> {
    this.#queue = this.#queue.filter((row) => row.accountId !== accountId);
    await this.#writing;
  }

  async #writeQueued(): Promise<void> {
    if (this.#queue.length === 0) return;
    await withLinkedSpan("history.write", undefined, async () => {
      while (this.#queue.length > 0) await this.#write(this.#queue.splice(0, BATCH_ROWS));
    });
  }

  async #write(rows: readonly NewRow[]): Promise<void> {
    try {
      await this.#insert(rows);
    } catch (error) {
      if (isMissingMonth(error)) await this.#writeIntoNewMonth(rows, error);
      else if (error instanceof DatabaseAway) await this.#writeOnceMore(rows);
      else if (rows.length === 1) this.#drop(1, error);
      else await this.#writeInHalves(rows);
    }
  }

  async #writeIntoNewMonth(rows: readonly NewRow[], error: unknown): Promise<void> {
    this.#logger.error({ err: error }, "a month of sign_ins is missing; making it");
    try {
      await this.#months.ensureMonths(earliest(rows));
    } catch (failure) {
      this.#drop(rows.length, failure);
      return;
    }
    await this.#writeOnceMore(rows);
  }

  async #writeOnceMore(rows: readonly NewRow[]): Promise<void> {
    try {
      await this.#insert(rows);
    } catch (error) {
      this.#drop(rows.length, error);
    }
  }

  /** One row that the database refuses must not take its neighbours with it. */
  async #writeInHalves(rows: readonly NewRow[]): Promise<void> {
    const half = Math.ceil(rows.length / 2);
    await this.#write(rows.slice(0, half));
    await this.#write(rows.slice(half));
  }

  async #insert(rows: readonly NewRow[]): Promise<void> {
    const column = <Key extends keyof NewRow>(key: Key) => rows.map((row) => row[key]);
    await queries.insertSignIns(
      this.#db,
      column("accountId"),
      column("occurredAt"),
      column("id"),
      column("sessionId"),
      column("region"),
      column("outcome"),
      column("door"),
      column("deviceKind"),
      column("deviceName"),
      column("address"),
      column("userAgent"),
      column("requestId"),
    );
  }

  #drop(count: number, why: unknown): void {
    this.#dropped += count;
    this.#droppedCounter.add(count);
    const details = why instanceof Error ? { err: why } : { why };
    this.#logger.error({ ...details, rows: count, dropped_in_all: this.#dropped }, "history rows are lost");
  }
}

function isMissingMonth(error: unknown): boolean {
  return error instanceof DatabaseRefusal && error.sqlState === NO_PARTITION;
}

function earliest(rows: readonly NewRow[]): Date {
  return new Date(Math.min(...rows.map(({ occurredAt }) => occurredAt.getTime())));
}
