/**
 * Sends what waits in the queue. A mail is tried eight times over about a quarter of an hour; each wait
 * is drawn from a doubling range (full jitter), so that a mail server that comes back is not stormed.
 * It may arrive twice (the process dies between SMTP's "250" and the delete), with the same Message-ID.
 */
import { AsyncResource } from "node:async_hooks";
import { randomInt } from "node:crypto";
import type { PostgresDatabase } from "@kinopass/postgres";
import { annotate, meter, SpanKind, withLinkedSpan, withSpan } from "@kinopass/tracing";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../clock.ts";
import type { Letters } from "./letters.ts";
import type { MailQueue, StoredJob } from "./mail-queue.ts";
import { type Mailer, MailRefused } from "./mailer.ts";
import * as queries from "./queries.ts";
import { render } from "./render.ts";

/** What a check leaves of a job: itself, another letter, or nothing. */
export type MailCheck = (job: StoredJob) => Promise<StoredJob | undefined>;

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly queue: MailQueue;
  readonly mailer: Mailer;
  readonly letters: Letters;
  readonly checks: Readonly<Record<string, MailCheck>>;
  readonly siteUrl: string;
  readonly logger: FastifyBaseLogger;
}

const BATCH = 10;
const MOST_TRIES = 8;
const FIRST_WAIT_MS = 2_000;
const LONGEST_WAIT_MS = 5 * 60_000;
/** Longer than SMTP's own deadline: nobody else takes a mail that is being sent. */
const LEASE_MS = 60_000;
const LOOK_EVERY_MS = 1_000;
/** A call out: told when it fails, also where the trace is not kept. */
const SMTP = { kind: SpanKind.CLIENT };

export class MailWorker {
  readonly #given: Dependencies;
  readonly #sent = meter().counter("kinopass.auth.mails", { description: "Mails by outcome" });
  #timer: NodeJS.Timeout | undefined;
  #working: Promise<void> | undefined;
  #again = false;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Looks every second, and at once when a mail is queued in this process. */
  start(): void {
    if (this.#timer !== undefined) return;
    this.#timer = setInterval(() => this.#look(), LOOK_EVERY_MS);
    // The transaction that queued it commits within moments; a look that comes too early is made again.
    // It is nobody's request: bound to where the worker was started, it looks outside the trace of whoever queued.
    const lookSoon = AsyncResource.bind(() => void setTimeout(() => this.#look(), 5).unref());
    this.#given.queue.onEnqueued(lookSoon);
  }

  /** Finishes the mails under way, then lets go of SMTP. */
  async stop(): Promise<void> {
    clearInterval(this.#timer);
    this.#timer = undefined;
    this.#given.queue.onEnqueued(() => {});
    await this.#working;
    this.#given.mailer.close();
  }

  #look(): void {
    if (this.#timer === undefined) return;
    if (this.#working !== undefined) {
      this.#again = true;
      return;
    }
    this.#working = this.deliverDue()
      .catch((error: unknown) => this.#given.logger.warn({ err: error }, "could not look for mail"))
      .then(() => {
        this.#working = undefined;
        if (this.#again) {
          this.#again = false;
          this.#look();
        }
      });
  }

  /** Sends everything that is due now. */
  async deliverDue(): Promise<void> {
    for (;;) {
      const now = this.#given.clock.now();
      const { rows } = await queries.claim(this.#given.db, now, new Date(now.getTime() + LEASE_MS), BATCH);
      await Promise.all(rows.map((row) => this.#deliver(row)));
      if (rows.length < BATCH) return;
    }
  }

  async #deliver(row: queries.ClaimedRow): Promise<void> {
    const job = this.#given.queue.open(row.id, row.sealed);
    if (job === undefined) {
      this.#given.logger.error({ mail_id: row.id }, "a mail was sealed with a key that is gone; dropped");
      await this.#finish(row, "unreadable");
      return;
    }
    await withLinkedSpan("mail.deliver", job.cause, async () => {
      annotate({ "kinopass.mail.letter": job.letter, "kinopass.mail.attempt": row.attempts });
      try {
        await this.#finish(row, await this.#send(row, job));
      } catch (error) {
        await this.#failed(row, job, error);
      }
    });
  }

  async #send(row: queries.ClaimedRow, job: StoredJob): Promise<"sent" | "expired" | "dropped"> {
    const { clock, checks, letters, mailer, siteUrl } = this.#given;
    if (job.usefulUntil !== null && new Date(job.usefulUntil) <= clock.now()) return "expired";
    const check = job.check === undefined ? async (same: StoredJob) => same : checks[job.check];
    if (check === undefined) throw new Error(`There is no mail check ${job.check}`);
    const checked = await check(job);
    if (checked === undefined) return "dropped";
    const letter = letters[checked.letter];
    if (letter === undefined) throw new Error(`There is no letter ${checked.letter}`);
    const rendered = render(letter(checked.values, checked.language), checked.language, siteUrl);
    const messageId = `<${row.id}@${new URL(siteUrl).hostname}>`;
    await withSpan("mail.smtp", SMTP, () => mailer.send({ ...rendered, to: checked.to, messageId }));
    return "sent";
  }

  async #finish(row: queries.ClaimedRow, outcome: string): Promise<void> {
    this.#sent.add(1, { outcome });
    await queries.remove(this.#given.db, row.id);
  }

  async #failed(row: queries.ClaimedRow, job: StoredJob, error: unknown): Promise<void> {
    const { clock, db, logger } = this.#given;
    const details = { err: error, mail_id: row.id, letter: job.letter, attempts: row.attempts };
    if (error instanceof MailRefused || row.attempts >= MOST_TRIES) {
      logger.error(details, "a mail could not be delivered; given up");
      await this.#finish(row, error instanceof MailRefused ? "refused" : "given_up").catch(() => {});
      return;
    }
    logger.warn(details, "a mail could not be delivered; it will be tried again");
    this.#sent.add(1, { outcome: "postponed" });
    const range = Math.min(LONGEST_WAIT_MS, FIRST_WAIT_MS * 2 ** row.attempts);
    const next = new Date(clock.now().getTime() + range / 2 + randomInt(range / 2));
    // Should this fail as well, the lease runs out and the mail is tried then.
    await queries.postpone(db, row.id, next).catch(() => {});
  }
}
