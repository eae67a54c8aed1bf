/** The feed for receivers that poll (RFC 8936): services in other languages, without a long connection. */
import type { PostgresDatabase } from "@kinopass/postgres";
import { SignJWT } from "jose";
import type { Clock } from "../clock.ts";
import { ALGORITHM, type SigningKeys } from "../tokens/signing-keys.ts";
import type { RevocationFeed } from "./feed.ts";
import { acknowledge, type RevocationRow } from "./queries.ts";
import { securityEventOf } from "./security-event.ts";

/** RFC 8417 §2.3: so that no event passes for an access token, nor the other way round. */
const TYPE = "secevent+jwt";
const MOST_EVENTS = 500;
const MOST_REMEMBERED = 10_000;
/** Shorter than what proxies and servers give a silent connection. */
const LONG_POLL_MS = 20_000;
/** A poll that would wait beyond this number is answered at once. */
const MOST_WAITING = 500;

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly feed: RevocationFeed;
  readonly keys: SigningKeys;
  readonly issuer: string;
  readonly audience: string;
}

export interface Poll {
  readonly maxEvents?: number;
  /** By their `jti`: taken, or refused for good. Telling a receiver again what it cannot read would keep it from all that follows. */
  readonly done?: readonly string[];
  /** Where nothing is there, waits for something until the receiver leaves. Left out: answers at once. */
  readonly wait?: AbortSignal;
}

export interface PollAnswer {
  readonly sets: Record<string, string>;
  readonly moreAvailable: boolean;
}

export class Polling {
  readonly #dependencies: Dependencies;
  /** By service: up to where it has acknowledged everything, as the database has it. */
  readonly #acked = new Map<string, bigint>();
  /** By service: acknowledged above that, but a row that commits late may still appear below. */
  readonly #young = new Map<string, Set<string>>();
  #waiting = 0;
  readonly #closing = new AbortController();

  constructor(dependencies: Dependencies) {
    this.#dependencies = dependencies;
  }

  async poll(serviceId: string, { maxEvents = MOST_EVENTS, done = [], wait }: Poll): Promise<PollAnswer> {
    const young = await this.#acknowledge(serviceId, done);
    const unread = () =>
      this.#dependencies.feed.after(this.#ackedBy(serviceId)).filter(({ id }) => !young.has(id));
    if (wait !== undefined && maxEvents > 0 && unread().length === 0) await this.#news(wait);
    const rows = unread();
    const chosen = rows.slice(0, Math.min(maxEvents, MOST_EVENTS));
    const sets = await Promise.all(
      chosen.map(async (row) => [`rev-${row.id}`, await this.#sign(row)] as const),
    );
    return { sets: Object.fromEntries(sets), moreAvailable: rows.length > chosen.length };
  }

  /** Answers those who wait: the server drains. */
  close(): void {
    this.#closing.abort();
  }

  #ackedBy(serviceId: string): bigint {
    return this.#acked.get(serviceId) ?? 0n;
  }

  async #acknowledge(serviceId: string, done: readonly string[]): Promise<Set<string>> {
    // What is below the mark is only known from the database after a restart, or where another replica was asked.
    if (!this.#acked.has(serviceId)) await this.#move(serviceId, 0n);
    const { feed } = this.#dependencies;
    const rows = feed.after(this.#ackedBy(serviceId));
    const young = this.#remember(serviceId, done, new Set(rows.map(({ id }) => id)));
    let mark = 0n;
    for (const { id } of rows) {
      if (!young.has(id) || BigInt(id) > feed.settled) break;
      mark = BigInt(id);
    }
    await this.#move(serviceId, mark);
    return young;
  }

  async #move(serviceId: string, mark: bigint): Promise<void> {
    const { db, clock } = this.#dependencies;
    const { rows } = await acknowledge(db, serviceId, mark.toString(), clock.now());
    this.#acked.set(serviceId, BigInt(rows[0]?.acked ?? 0));
  }

  /** Only what is there to be acknowledged: neither the past nor a guess at the future. */
  #remember(serviceId: string, done: readonly string[], there: ReadonlySet<string>): Set<string> {
    const before = this.#young.get(serviceId) ?? new Set<string>();
    const ids = done.map((jti) => jti.replace(/^rev-/, ""));
    const young = new Set([...before, ...ids].filter((id) => there.has(id)).slice(-MOST_REMEMBERED));
    this.#young.set(serviceId, young);
    return young;
  }

  /** The next revocation, or what ends the waiting without one. */
  async #news(gone: AbortSignal): Promise<void> {
    if (this.#waiting >= MOST_WAITING) return;
    this.#waiting += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    const end = () => resolve();
    const stopListening = this.#dependencies.feed.listen(({ kind }) => kind === "revocation" && end());
    const timer = setTimeout(end, LONG_POLL_MS);
    const ends = [gone, this.#closing.signal];
    for (const signal of ends) signal.addEventListener("abort", end);
    if (ends.some(({ aborted }) => aborted)) end();
    await promise;
    for (const signal of ends) signal.removeEventListener("abort", end);
    clearTimeout(timer);
    stopListening();
    this.#waiting -= 1;
  }

  async #sign(row: RevocationRow): Promise<string> {
    const { keys, issuer, audience } = this.#dependencies;
    const { kid, privateKey } = await keys.current();
    return await new SignJWT({ ...securityEventOf(row, { issuer, audience }) })
      .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid })
      .sign(privateKey);
  }
}
