/**
 * What partitions need without being asked: months ahead every day, statistics of the parents every
 * week (autovacuum never analyzes a partitioned parent). Failures are told and wait for the next
 * round; no request depends on one.
 */
import { PostgresDatabase } from "@kinopass/postgres";
import { withLinkedSpan } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import { Rounds } from "../rounds.ts";
import type { Partitions } from "./partitions.ts";
import * as queries from "./queries.ts";

interface Dependencies {
  readonly partitions: Partitions;
  readonly logger: FastifyBaseLogger;
  /** A connection with patience: ANALYZE of a large table takes longer than a request may. */
  readonly openDatabase: () => PostgresDatabase;
}

/** One connection, for statements that may take minutes and must not queue behind anybody for long. */
export function maintenanceDatabase(url: string): PostgresDatabase {
  return new PostgresDatabase({
    url,
    applicationName: "kinopass-maintenance",
    maxConnections: 1,
    acquireTimeoutMs: 5_000,
    statementTimeoutMs: 15 * 60_000,
    lockTimeoutMs: 10_000,
  });
}

const DAY_MS = 24 * 60 * 60 * 1000;

export class PartitionUpkeep {
  readonly #partitions: Partitions;
  readonly #logger: FastifyBaseLogger;
  readonly #openDatabase: () => PostgresDatabase;
  readonly #rounds = new Rounds(DAY_MS, () =>
    withLinkedSpan("partitions.round", undefined, () => this.round()),
  );

  constructor({ partitions, logger, openDatabase }: Dependencies) {
    this.#partitions = partitions;
    this.#logger = logger;
    this.#openDatabase = openDatabase;
  }

  start(): void {
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  /** One day's work. Never rejects. Returns the parents that were analyzed. */
  async round(): Promise<readonly string[]> {
    await this.#partitions.round();
    try {
      return await this.#analyzeDue();
    } catch (error) {
      this.#logger.error({ err: error }, "could not analyze the partitioned tables");
      return [];
    }
  }

  async #analyzeDue(): Promise<readonly string[]> {
    const db = this.#openDatabase();
    try {
      const { rows } = await queries.parentsToAnalyze(db);
      for (const { parent } of rows) await queries.analyze(parent)(db);
      return rows.map(({ parent }) => parent);
    } finally {
      await db.close();
    }
  }
}
