import type { PostgresDatabase } from "@kinopass/postgres";
import type { FastifyBaseLogger } from "fastify";
import type { Clock } from "../clock.ts";
import type { Client, Device } from "../http/client.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import { whereOf } from "../mail/where.ts";
import type { AccountRow } from "./accounts.ts";

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly mail: MailQueue;
  readonly logger: FastifyBaseLogger;
}

/**
 * Tells the owner by mail of a sign-in with a program that this account was not used with before. It
 * looks after the answer: no sign-in waits for it, and none fails because of it.
 */
export class NewDevices {
  readonly #given: Dependencies;
  readonly #underWay = new Set<Promise<void>>();

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Never waits, never throws. For every door that lets somebody into an account that was there before. */
  tell(account: AccountRow, device: Device, client: Client): void {
    const telling = this.#tell(account, device, client)
      .catch((error: unknown) => {
        this.#given.logger.warn({ err: error, account_id: account.id }, "could not tell of a new device");
      })
      .finally(() => this.#underWay.delete(telling));
    this.#underWay.add(telling);
  }

  /** Resolves when everything under way is done; for the drain and for tests. */
  async settled(): Promise<void> {
    await Promise.all(this.#underWay);
  }

  async #tell(account: AccountRow, device: Device, client: Client): Promise<void> {
    const { clock, db, mail } = this.#given;
    const { email } = account;
    if (email === null) return;
    const time = clock.now().toLocaleString(account.locale, {
      timeZone: "Europe/Moscow",
      dateStyle: "long",
      timeStyle: "short",
    });
    const values = { ...whereOf(client, device), time: `${time} (UTC+3)` };
    await db.transaction((tx) =>
      mail.enqueue(tx, { letter: "new_device", to: email, language: account.locale, values }),
    );
  }
}
