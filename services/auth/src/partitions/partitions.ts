/**
 * Partitions are made ahead of need. There is no default partition (one would block DETACH
 * CONCURRENTLY), so somebody must: the service at its start and once a day, `kinopass partitions
 * apply`, and, should all of them have failed, the history itself when it meets a missing month.
 */
import type { Database } from "@kinopass/postgres";
import { meter, type RecordingInstrument } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../clock.ts";
import { addMonths, monthOfLeaf, startOfMonth } from "./months.ts";
import * as queries from "./queries.ts";

/** Months made besides the running one. */
export const MONTHS_AHEAD = 3;
/** Fewer future months than this, and somebody must look: the next month may begin without a partition. */
const ALARM_BELOW = 2;

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
}

export class Partitions {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #logger: FastifyBaseLogger;
  readonly #aheadGauge: RecordingInstrument;

  constructor({ db, clock, logger }: Dependencies) {
    this.#db = db;
    this.#clock = clock;
    this.#logger = logger;
    this.#aheadGauge = meter().gauge("kinopass.auth.sign_in_months_ahead", {
      description: "Months of sign-in history made ahead; below 2 somebody must look",
    });
  }

  /** Makes the month of `from` (now, if left out) and the three after it, where they are missing. */
  async ensureMonths(from: Date = this.#clock.now()): Promise<void> {
    await queries.ensureMonths(this.#db, from.toISOString().slice(0, 10), MONTHS_AHEAD);
  }

  /** Whole months after the running one that have a partition, without a gap. */
  async monthsAhead(): Promise<number> {
    const { rows } = await queries.monthLeaves(this.#db);
    const made = new Set(
      rows
        .filter(({ attached, detaching }) => attached && !detaching)
        .map(({ leaf }) => monthOfLeaf(leaf)?.getTime()),
    );
    let ahead = 0;
    const running = startOfMonth(this.#clock.now());
    while (made.has(addMonths(running, ahead + 1).getTime())) ahead += 1;
    return ahead;
  }

  /**
   * The daily round: makes months, then looks at what is really there. Trouble is told and survived:
   * there are months in hand, and tomorrow comes the next round.
   */
  async round(): Promise<void> {
    try {
      await this.ensureMonths();
    } catch (error) {
      this.#logger.error({ err: error }, "could not make the months of sign_ins ahead");
    }
    try {
      const ahead = await this.monthsAhead();
      this.#aheadGauge.record(ahead);
      if (ahead < ALARM_BELOW)
        this.#logger.error(
          { months_ahead: ahead },
          "fewer than two future months of sign_ins are left; run kinopass partitions apply",
        );
    } catch (error) {
      this.#logger.error({ err: error }, "could not count the months of sign_ins");
    }
  }
}
