/**
 * Takes permissions back at the providers. What is to be taken back is written down by whoever unlinks, in the same
 * transaction, and done afterwards: a provider that is slow or dead holds nobody up, and a process that dies forgets
 * nothing. Tried five times within about a day; after that the person can still remove the app in the provider's settings.
 */
import { AsyncResource } from "node:async_hooks";
import type { Database, Transaction } from "@kinopass/postgres";
import { annotate, captureLink, meter, withLinkedSpan } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../clock.ts";
import { newId } from "../ids.ts";
import type { Secrets } from "../secrets.ts";
import { type Owed, readOwed, writeOwed } from "./kept-tokens.ts";
import { ProviderFailure } from "./providers/failure.ts";
import type { KeptTokens, Provider, ProviderName } from "./providers/provider.ts";
import * as queries from "./queries.ts";

const BATCH = 10;
const MOST_TRIES = 5;
/** Longer than a provider's whole deadline: nobody else takes what is being revoked. */
const LEASE_MS = 30_000;
const WAITS_MS = [60_000, 15 * 60_000, 2 * 3_600_000, 12 * 3_600_000] as const;

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  readonly logger: FastifyBaseLogger;
}

export class Revoker {
  readonly #given: Dependencies;
  readonly #outcomes = meter().counter("kinopass.auth.social_revocations", {
    description: "Provider permissions taken back, by outcome",
  });
  #round: Promise<void> | undefined;

  /**
   * Begins at once and returns; never throws. The round is about everybody's permissions: bound to where this was made, it
   * runs outside the request that asked for it.
   */
  readonly kick = AsyncResource.bind((): void => {
    this.#round = this.settled().then(() =>
      this.round().catch((error: unknown) => {
        this.#given.logger.warn({ err: error }, "could not look for permissions to take back");
      }),
    );
  });

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  async enqueue(tx: Transaction, provider: ProviderName, tokens: KeptTokens): Promise<void> {
    const { clock, secrets } = this.#given;
    const now = clock.now();
    const id = newId<"social_revocation">(now);
    await queries.enqueueRevocation(
      tx,
      id,
      provider,
      now,
      secrets.seal(writeOwed({ tokens, cause: captureLink() }), contextOfRevocation(id)),
    );
  }

  /** Resolves when what was begun is done; for the drain and for tests. */
  async settled(): Promise<void> {
    await this.#round;
  }

  /** Everything that is due. */
  async round(): Promise<void> {
    const { clock, db } = this.#given;
    for (;;) {
      const now = clock.now();
      const { rows } = await queries.claimRevocations(db, now, new Date(now.getTime() + LEASE_MS), BATCH);
      await Promise.all(rows.map((row) => this.#one(row)));
      if (rows.length < BATCH) return;
    }
  }

  async #one(row: queries.RevocationRow): Promise<void> {
    const { providers, secrets } = this.#given;
    const opened = secrets.open(row.sealed, contextOfRevocation(row.id));
    const provider = providers.get(row.provider);
    if (opened === undefined || provider === undefined) {
      await this.#finish(row, opened === undefined ? "unreadable" : "provider_off");
      return;
    }
    const owed = readOwed(opened.toString("utf8"));
    await withLinkedSpan("social.revoke", owed.cause, async () => {
      annotate({ "kinopass.social.provider": row.provider, "kinopass.social.attempt": row.attempts });
      await this.#revoke(row, provider, owed);
    });
  }

  async #revoke(row: queries.RevocationRow, provider: Provider, { tokens, cause }: Owed): Promise<void> {
    const { db, logger, secrets } = this.#given;
    try {
      const keep = async (rotated: KeptTokens) =>
        void (await queries.replaceRevocation(
          db,
          row.id,
          secrets.seal(writeOwed({ tokens: rotated, cause }), contextOfRevocation(row.id)),
        ));
      const { kind } = await provider.revoke(tokens, { keep });
      await this.#finish(row, kind);
    } catch (error) {
      const { kind, because } =
        error instanceof ProviderFailure ? error : { kind: undefined, because: undefined };
      const details = { provider: row.provider, kind, because, attempts: row.attempts };
      if (kind === undefined) logger.error({ ...details, err: error }, "could not take a permission back");
      else logger.warn(details, "could not take a permission back");
      await this.#postpone(row);
    }
  }

  async #postpone(row: queries.RevocationRow): Promise<void> {
    const wait = WAITS_MS[row.attempts - 1];
    if (row.attempts >= MOST_TRIES || wait === undefined) return await this.#finish(row, "given_up");
    const next = new Date(this.#given.clock.now().getTime() + wait);
    // Should this fail as well, the lease runs out and it is tried then.
    await queries.postponeRevocation(this.#given.db, row.id, next).catch(() => {});
  }

  async #finish(row: queries.RevocationRow, outcome: string): Promise<void> {
    this.#outcomes.add(1, { provider: row.provider, outcome });
    await queries.removeRevocation(this.#given.db, row.id);
  }
}

export function contextOfRevocation(id: string): string {
  return `social_revocation/${id}`;
}
