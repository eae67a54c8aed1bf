/**
 * Rotates the counters of sessions. A refresh that comes alone is asked for alone. Those that come while two round trips
 * are under way wait for one of them, a fraction of a millisecond, and then go together: under load PostgreSQL commits once
 * for many of them, and both sides spend a fraction of the work on each (docs/decisions/0012).
 */
import { AsyncResource } from "node:async_hooks";
import { DatabaseRefusal, isLocked, type PostgresDatabase } from "@kinopass/postgres";
import { sqlSpan } from "@kinopass/tracing";
import type { Clock } from "../clock.ts";
import type { RegionCode } from "../ids.ts";
import * as queries from "./queries.ts";
import type { RefreshClaims } from "./refresh-token.ts";

/** Round trips under way before others wait. One would leave PostgreSQL idle between two. */
const AT_ONCE = 2;
const MOST_TOGETHER = 64;
/** A round trip that takes so long is waiting for something, and nobody else waits for it. */
const STUCK_MS = 20;

export interface RotationLimits {
  /** The same token within this time of its rotation is given the same successor. */
  readonly overlapMs: number;
  /** A session that was not used for so long is over. */
  readonly idleMs: number;
}

type Row = queries.RotationRow | undefined;

interface Asked {
  readonly claims: RefreshClaims;
  readonly region: RegionCode;
  readonly answer: PromiseWithResolvers<Row>;
}

export class Rotations {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;
  readonly #limits: RotationLimits;
  /** It is nobody's request: bound to where this was made, it runs outside the trace of whoever came last. */
  readonly #together = AsyncResource.bind((asked: readonly Asked[]) => this.#rotateTogether(asked));
  #waiting: Asked[] = [];
  #underWay = 0;

  constructor(db: PostgresDatabase, clock: Clock, limits: RotationLimits) {
    this.#db = db;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The session's next counter and what its tokens say; undefined where it is over, or the token is an old one. */
  async rotate(claims: RefreshClaims, region: RegionCode): Promise<Row> {
    if (this.#underWay < AT_ONCE) return await this.#holding(() => this.#alone(claims, region));
    const answer = Promise.withResolvers<Row>();
    this.#waiting.push({ claims, region, answer });
    return await sqlSpan("sessions.rotate_many", () => answer.promise);
  }

  /** Counts the work as under way until it ends, or seems to be stuck; then whoever waits has a turn. */
  async #holding<T>(work: () => Promise<T>): Promise<T> {
    this.#underWay += 1;
    let held = true;
    const release = () => {
      if (!held) return;
      held = false;
      this.#underWay -= 1;
      this.#next();
    };
    const stuck = setTimeout(release, STUCK_MS);
    try {
      return await work();
    } finally {
      clearTimeout(stuck);
      release();
    }
  }

  #next(): void {
    if (this.#waiting.length === 0 || this.#underWay >= AT_ONCE) return;
    const asked = this.#waiting.splice(0, MOST_TOGETHER);
    void this.#holding(() => this.#together(asked));
  }

  /** Answers each of them; never rejects. */
  async #rotateTogether(asked: readonly Asked[]): Promise<void> {
    try {
      const { rows } = await queries.rotateMany(
        this.#db,
        asked.map(({ claims }) => claims.accountId),
        asked.map(({ claims }) => claims.sessionId),
        asked.map(({ claims }) => claims.counter),
        asked.map(({ region }) => region),
        ...this.#moments(),
      );
      const found = new Map(rows.map((row) => [row.number, row]));
      for (const [index, { answer }] of asked.entries()) answer.resolve(found.get(index + 1));
    } catch (error) {
      // One locked row or one refused counter is no reason to send the others away.
      const isOneOfThem = isLocked(error) || error instanceof DatabaseRefusal;
      for (const { claims, region, answer } of asked)
        if (isOneOfThem) answer.resolve(this.#alone(claims, region));
        else answer.reject(error);
    }
  }

  async #alone({ accountId, sessionId, counter }: RefreshClaims, region: RegionCode): Promise<Row> {
    const { rows } = await queries.rotate(
      this.#db,
      accountId,
      sessionId,
      counter,
      region,
      ...this.#moments(),
    );
    return rows[0];
  }

  #moments(): readonly [now: Date, overlap: Date, idle: Date] {
    const now = this.#clock.now();
    const before = (ms: number) => new Date(now.getTime() - ms);
    return [now, before(this.#limits.overlapMs), before(this.#limits.idleMs)];
  }
}
