import { withLinkedSpan } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";

/** Deletes what ran out, a batch at a time. */
export type Purge = () => Promise<unknown>;

const EVERY_MS = 60_000;

/** The one list of everything that expires: each is purged every minute, one after the other. */
export class Purges {
  readonly #purges: Readonly<Record<string, Purge>>;
  readonly #logger: FastifyBaseLogger;
  #timer: NodeJS.Timeout | undefined;
  #running: Promise<void> | undefined;

  constructor({ purges, logger }: { purges: Readonly<Record<string, Purge>>; logger: FastifyBaseLogger }) {
    this.#purges = purges;
    this.#logger = logger;
  }

  start(): void {
    this.#timer ??= setInterval(() => {
      this.#running ??= this.round().finally(() => {
        this.#running = undefined;
      });
    }, EVERY_MS).unref();
  }

  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    await this.#running;
  }

  /** Never rejects: what fails now is tried in the next minute, and the others do not wait for it. */
  async round(): Promise<void> {
    for (const [name, purge] of Object.entries(this.#purges)) {
      try {
        await withLinkedSpan(`purges.${name}`, undefined, () => purge());
      } catch (error) {
        this.#logger.warn({ err: error, purge: name }, "could not purge");
      }
    }
  }
}
