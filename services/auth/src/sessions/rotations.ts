import { type PostgresDatabase, Together } from "@kinopass/postgres";
import type { Clock } from "../clock.ts";
import type { RegionCode } from "../ids.ts";
import * as queries from "./queries.ts";
import type { RefreshClaims } from "./refresh-token.ts";

export interface RotationLimits {
  /** The same token within this time of its rotation is given the same successor. */
  readonly overlapMs: number;
  /** A session that was not used for so long is over. */
  readonly idleMs: number;
}

interface Asked {
  readonly claims: RefreshClaims;
  /** Where the account is looked for. */
  readonly region: RegionCode;
}

type Row = queries.RotationRow | undefined;

/** Rotates the counters of sessions; those that come at once in one round trip (docs/decisions/0012). */
export class Rotations {
  readonly #db: PostgresDatabase;
  readonly #clock: Clock;
  readonly #limits: RotationLimits;
  readonly #trips = new Together<Asked, Row>({
    name: "sessions.rotate_many",
    alone: (asked) => this.#alone(asked),
    together: (asked) => this.#together(asked),
  });

  constructor(db: PostgresDatabase, clock: Clock, limits: RotationLimits) {
    this.#db = db;
    this.#clock = clock;
    this.#limits = limits;
  }

  /** The session's next counter and what its tokens say; undefined where it is over, or the token is an old one. */
  async rotate(claims: RefreshClaims, region: RegionCode): Promise<Row> {
    return await this.#trips.ask({ claims, region });
  }

  async #alone({ claims, region }: Asked): Promise<Row> {
    const { accountId, sessionId, counter } = claims;
    return (await queries.rotate(this.#db, accountId, sessionId, counter, region, ...this.#moments()))
      .rows[0];
  }

  async #together(asked: readonly Asked[]): Promise<readonly Row[]> {
    const { rows } = await queries.rotateMany(
      this.#db,
      asked.map(({ claims }) => claims.accountId),
      asked.map(({ claims }) => claims.sessionId),
      asked.map(({ claims }) => claims.counter),
      asked.map(({ region }) => region),
      ...this.#moments(),
    );
    const answers: Row[] = asked.map(() => undefined);
    for (const row of rows) answers[row.number - 1] = row;
    return answers;
  }

  #moments(): readonly [now: Date, overlap: Date, idle: Date] {
    const now = this.#clock.now();
    const before = (ms: number) => new Date(now.getTime() - ms);
    return [now, before(this.#limits.overlapMs), before(this.#limits.idleMs)];
  }
}
