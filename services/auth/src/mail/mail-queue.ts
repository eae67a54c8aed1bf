/**
 * Mail waits in PostgreSQL, in the transaction that caused it: there is no change without its mail and
 * no mail of a change that was rolled back. What waits is sealed; the database holds no address and no
 * code in clear. The worker renders it and hands it to SMTP after the answer.
 */
import type { Language } from "@kinopass/http";
import type { Database, Transaction } from "@kinopass/postgres";
import { captureLink } from "@kinopass/tracing";
import type { Clock } from "../clock.ts";
import type { EmailAddress } from "../directory/email-address.ts";
import { newId } from "../ids.ts";
import type { Secrets } from "../secrets.ts";
import type { LetterValues } from "./letters.ts";
import * as queries from "./queries.ts";

export interface MailJob {
  /** A name from the table of letters. */
  readonly letter: string;
  readonly to: EmailAddress;
  readonly language: Language;
  readonly values: LetterValues;
  /**
   * Names a check that is made when the mail is about to leave. It may change the letter or drop it:
   * whether an address is taken is found out there, where nobody waits and nobody measures.
   */
  readonly check?: string;
  /** Not worth sending later than this: a code that ran out. */
  readonly usefulUntil?: Date;
}

/** A job as it lies in the queue. */
export type StoredJob = Omit<MailJob, "usefulUntil"> & {
  readonly usefulUntil: string | null;
  /** The trace and the request that caused it. */
  readonly cause: string | null;
};

interface Dependencies {
  readonly clock: Clock;
  readonly secrets: Secrets;
}

export class MailQueue {
  readonly #clock: Clock;
  readonly #secrets: Secrets;
  #wake: () => void = () => {};

  constructor({ clock, secrets }: Dependencies) {
    this.#clock = clock;
    this.#secrets = secrets;
  }

  /** Adds a mail to the transaction. It leaves soon after the commit. */
  async enqueue(tx: Transaction, job: MailJob): Promise<void> {
    const now = this.#clock.now();
    const id = newId<"mail">(now);
    const stored: StoredJob = {
      ...job,
      usefulUntil: job.usefulUntil?.toISOString() ?? null,
      cause: captureLink() ?? null,
    };
    await queries.enqueue(tx, id, now, this.#secrets.seal(JSON.stringify(stored), `mail/${id}`));
    this.#wake();
  }

  /** The job of a row, or undefined where its key was withdrawn. */
  open(id: string, sealed: Buffer): StoredJob | undefined {
    const opened = this.#secrets.open(sealed, `mail/${id}`);
    return opened === undefined ? undefined : (JSON.parse(opened.toString("utf8")) as StoredJob);
  }

  /** `wake` is called for every mail of this process, so that it need not wait for the next look. */
  onEnqueued(wake: () => void): void {
    this.#wake = wake;
  }

  /** How many mails wait, for metrics and tests. */
  async waiting(db: Database): Promise<number> {
    return (await queries.countWaiting(db)).rows[0]?.waiting ?? 0;
  }
}
