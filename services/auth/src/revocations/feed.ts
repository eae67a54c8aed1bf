/**
 * The revocation feed: what is dead, for services that verify tokens without asking. Each replica
 * reads the same small table several times a second, whatever the number of listeners, and keeps what
 * is alive in it in memory; so listeners cost the database nothing, and a snapshot is at hand even
 * while the database is away.
 */
import type { Database } from "@kinopass/postgres";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../clock.ts";
import type { SigningKeys } from "../tokens/signing-keys.ts";
import { MOST_ROWS, type RevocationRow, since } from "./queries.ts";
import { REVOCATION_KEPT_MS } from "./revocations.ts";

/** Rows get their id before they commit, so one may appear below an id that was already seen. No transaction of ours lasts this long. */
const SETTLE_MS = 10_000;
const TICK_MS = 200;
const KEYS_EVERY_TICKS = 5;
/** A replica that could not read for this long must not say "nothing new". */
const FRESH_MS = 3_000;

export type FeedItem =
  | { readonly kind: "revocation"; readonly row: RevocationRow }
  | { readonly kind: "keys" };

export interface FeedStart {
  /** Whether the listener must forget what it knew: its cursor says nothing to us. */
  readonly whole: boolean;
  readonly rows: readonly RevocationRow[];
  readonly cursor: string;
}

interface Dependencies {
  /** With room of its own: services hear what died also while a crowd waits for a locked table. */
  readonly db: Database;
  readonly clock: Clock;
  readonly keys: SigningKeys;
  readonly logger: FastifyBaseLogger;
}

export class RevocationFeed {
  readonly #dependencies: Dependencies;
  readonly #live = new Map<string, RevocationRow>();
  readonly #listeners = new Set<(item: FeedItem) => void>();
  #settled = 0n;
  #highest = 0n;
  #readAt: number | undefined;
  #keys: string | undefined;
  #timer: NodeJS.Timeout | undefined;
  #ticks = 0;
  #away = false;
  #stopped = true;

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  /** Whether this replica knows all that is dead, as of a moment ago. */
  get isFresh(): boolean {
    return this.#readAt !== undefined && performance.now() - this.#readAt < FRESH_MS;
  }

  /** How many revocations are remembered; for metrics. */
  get size(): number {
    return this.#live.size;
  }

  /** Who listens here; for metrics. */
  get listeners(): number {
    return this.#listeners.size;
  }

  /** Milliseconds since the last good read; undefined before the first. */
  get ageMs(): number | undefined {
    return this.#readAt === undefined ? undefined : performance.now() - this.#readAt;
  }

  /** Where a listener that has heard everything stands. */
  get cursor(): string {
    return this.#highest.toString();
  }

  /** Reads until `stop`. The first read is over when this resolves, if the database answers at all. */
  async start(): Promise<void> {
    this.#stopped = false;
    await this.#tick();
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
  }

  /** What a listener is told first: all that is alive, or only what came after its cursor. */
  begin(after: string | undefined): FeedStart {
    const known = after === undefined ? undefined : this.#live.get(after);
    const rows = [...this.#live.values()];
    if (known === undefined) {
      const upToDate = after !== undefined && after === this.cursor;
      return { whole: !upToDate, rows: upToDate ? [] : rows, cursor: this.cursor };
    }
    const floor = known.recorded_at.getTime() - SETTLE_MS;
    return {
      whole: false,
      rows: rows.filter((row) => row.recorded_at.getTime() > floor),
      cursor: this.cursor,
    };
  }

  /** Rows with an id above `acked`, in the order of their ids, for receivers that poll. */
  after(acked: bigint): readonly RevocationRow[] {
    // Nearly in order already, and far below 2^53: this is one pass even for very many.
    const rows = [...this.#live.values()].filter(({ id }) => Number(id) > Number(acked));
    return rows.sort((one, other) => Number(one.id) - Number(other.id));
  }

  /** Rows whose order can no longer change: what a poller may be told it has seen all of. */
  get settled(): bigint {
    return this.#settled;
  }

  /** Tells every new item until the returned function is called. */
  listen(listener: (item: FeedItem) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  async #tick(): Promise<void> {
    try {
      await this.#read();
      if (this.#ticks % KEYS_EVERY_TICKS === 0) await this.#readKeys();
      this.#ticks += 1;
      this.#say(false);
    } catch (error) {
      this.#say(true, error);
    }
    if (!this.#stopped) this.#timer = setTimeout(() => void this.#tick(), TICK_MS).unref();
  }

  async #read(): Promise<void> {
    const { db, clock } = this.#dependencies;
    const now = clock.now().getTime();
    let from = this.#settled.toString();
    // All of it, or this replica must not say that it knows all that is dead.
    for (;;) {
      const { rows } = await since(db, from, new Date(now - REVOCATION_KEPT_MS));
      this.#take(rows, now - SETTLE_MS);
      if (rows.length < MOST_ROWS) break;
      from = rows.at(-1)?.id ?? from;
    }
    this.#readAt = performance.now();
    this.#forget(now - REVOCATION_KEPT_MS);
  }

  #take(rows: readonly RevocationRow[], settledBefore: number): void {
    for (const row of rows) {
      const id = BigInt(row.id);
      if (row.recorded_at.getTime() < settledBefore && id > this.#settled) this.#settled = id;
      if (id > this.#highest) this.#highest = id;
      if (this.#live.has(row.id)) continue;
      this.#live.set(row.id, row);
      this.#tell({ kind: "revocation", row });
    }
  }

  async #readKeys(): Promise<void> {
    const keys = await this.#dependencies.keys.fingerprint();
    if (this.#keys !== undefined && this.#keys !== keys) this.#tell({ kind: "keys" });
    this.#keys = keys;
  }

  #forget(before: number): void {
    for (const [id, row] of this.#live) {
      if (row.recorded_at.getTime() < before) this.#live.delete(id);
    }
  }

  #tell(item: FeedItem): void {
    for (const listener of this.#listeners) listener(item);
  }

  #say(away: boolean, error?: unknown): void {
    if (away === this.#away) return;
    this.#away = away;
    if (away)
      this.#dependencies.logger.warn(
        { err: error },
        "the revocation feed cannot read; listeners are told nothing until it can",
      );
    else this.#dependencies.logger.info("the revocation feed reads again");
  }
}
