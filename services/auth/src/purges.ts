import { withLinkedSpan } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import { Rounds } from "./rounds.ts";

/** Deletes at most so many rows of what ran out; tells how many there were. */
export type Purge = (limit: number) => Promise<number>;

/** Few enough for one statement to stay far below its timeout. */
export const PURGED_AT_ONCE = 1_000;
const EVERY_MS = 60_000;
/** More than runs out in a minute of any day; what is still there then waits for the next one. */
const MOST_BATCHES = 200;

/** The one list of everything that expires: each is purged every minute, one after the other, until it is done. */
export class Purges {
  readonly #purges: Readonly<Record<string, Purge>>;
  readonly #logger: FastifyBaseLogger;
  readonly #rounds = new Rounds(EVERY_MS, () => this.round());

  constructor({ purges, logger }: { purges: Readonly<Record<string, Purge>>; logger: FastifyBaseLogger }) {
    this.#purges = purges;
    this.#logger = logger;
  }

  start(): void {
    this.#rounds.start();
  }

  async stop(): Promise<void> {
    await this.#rounds.stop();
  }

  /** Never rejects: what fails now is tried in the next minute, and the others do not wait for it. */
  async round(): Promise<void> {
    for (const [name, purge] of Object.entries(this.#purges)) {
      try {
        await withLinkedSpan(`purges.${name}`, undefined, () => inBatches(purge));
      } catch (error) {
        this.#logger.warn({ err: error, purge: name }, "could not purge");
      }
    }
  }
}

async function inBatches(purge: Purge): Promise<void> {
  for (let batch = 0; batch < MOST_BATCHES; batch += 1)
    if ((await purge(PURGED_AT_ONCE)) < PURGED_AT_ONCE) return;
}
