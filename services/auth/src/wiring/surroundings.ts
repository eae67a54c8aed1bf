import type { SheddingOptions } from "@kinopass/http";
import type { Policies } from "@kinopass/limiter";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../clock.ts";
import type { Config } from "../config.ts";
import type { Mailer } from "../mail/mailer.ts";

/** What the service is given; all that is optional stands for what production takes by itself. */
export interface Surroundings {
  readonly config: Config;
  readonly clock: Clock;
  readonly logger: FastifyBaseLogger;
  /** Fails answers whose code the contract does not list; tests switch it on. */
  readonly demandDocumentedCodes?: boolean;
  /** Takes mails instead of SMTP. */
  readonly mailer?: Mailer;
  /** Asks the social networks instead of the platform's own. */
  readonly fetch?: typeof globalThis.fetch;
  /** Limits instead of the defaults and the file's. */
  readonly policies?: Policies;
  /** When requests are sent away for the event loop's sake; false for never. */
  readonly shedding?: SheddingOptions | false;
  /** How long a password may wait for a hashing thread, in milliseconds, instead of half a second. */
  readonly longestHashWaitMs?: number;
}
