import { refusals } from "@kinopass/http";
import { trace } from "@kinopass/tracing";
import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { type CodeKey, type Codes, refuse as refuseCode } from "../codes/codes.ts";
import type { Directory, Identifier } from "../directory/directory.ts";
import type { EmailAddress } from "../directory/email-address.ts";
import type { AccountId } from "../ids.ts";
import type { MailQueue, StoredJob } from "../mail/mail-queue.ts";
import { whereOf } from "../mail/where.ts";
import { type Accounts, refuse as refuseAccount } from "./accounts.ts";
import type { Acting } from "./acting.ts";
import * as queries from "./queries.ts";

export const refuse = refusals({
  email_unchanged: {
    status: 400,
    title: { en: "This is your address already", ru: "Это и есть ваш адрес" },
  },
});

interface Pending {
  readonly address: EmailAddress;
}

interface Dependencies {
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly codes: Codes;
  readonly audit: Audit;
  readonly mail: MailQueue;
}

/**
 * Changing the address, or adding one to an account that came from a social network. The new mailbox
 * gets a code, the old one is told at once and once more when it is done. Whether the new address is
 * somebody else's is not told to the asker: its owner hears of it, and the code dies.
 *
 * Other sessions stay: an address is no secret that somebody may have stolen, and if it is a thief who
 * changes it, ending the owner's sessions would lock out the wrong one. Who wants them ended calls
 * DELETE /v1/sessions?except=current (ASVS 7.4.3).
 */
export class EmailChange {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  @trace("accounts.ask_email_change")
  async ask({ member, actor, client, device }: Acting, to: EmailAddress): Promise<void> {
    const { accounts, audit, codes, mail } = this.#given;
    await accounts.underLock(member.accountId, async (tx, { id, email, locale: language }) => {
      if (email === to) throw refuse.email_unchanged();
      const pending: Pending = { address: to };
      const { id: codeId, code, expiresAt } = await codes.issue(tx, this.#keyOf(id), pending);
      const values = { code, codeId, accountId: id, ...whereOf(client, device) };
      const check = "email_change";
      await mail.enqueue(tx, {
        letter: "email_change_code",
        to,
        language,
        values,
        check,
        usefulUntil: expiresAt,
      });
      if (email !== null) {
        const where = whereOf(client, device);
        await mail.enqueue(tx, { letter: "email_change_asked", to: email, language, values: where });
      }
      await audit.record(tx, { action: "email.change_asked", accountId: id, actor });
    });
  }

  /** The mailer's question: an address that is somebody's gets the letter for owners, and the code dies untold. */
  async checkMail(job: StoredJob): Promise<StoredJob> {
    const { codes, directory } = this.#given;
    if ((await directory.find({ kind: "email", address: job.to })) === undefined) return job;
    await codes.retire(this.#keyOf((job.values["accountId"] ?? "") as AccountId), job.values["codeId"] ?? "");
    return { ...job, letter: "already_registered" };
  }

  /** Refuses `code_wrong`, and `email_taken` where somebody else took the address meanwhile. */
  @trace("accounts.change_email")
  async confirm({ member, actor }: Acting, code: string): Promise<void> {
    const { accounts, audit, clock, codes, directory, mail } = this.#given;
    const done = await accounts.underLock(member.accountId, async (tx, account) => {
      const { id, region, email, locale: language } = account;
      const pending = await codes.redeem<Pending>(tx, this.#keyOf(id), code);
      // The wrong try is committed: a rollback would forget it.
      if (pending === undefined) return false;
      const next: Identifier = { kind: "email", address: pending.address };
      const subjects = [codes.ofAccount(id), directory.hash(next)];
      if (!(await directory.claim(tx, next, account, clock.now()))) throw refuseAccount.email_taken();
      if (email !== null) {
        const last: Identifier = { kind: "email", address: email };
        await directory.release(tx, last, id);
        // A reset that was asked for at the old address must not open the account to whoever reads it later.
        subjects.push(directory.hash(last));
        await mail.enqueue(tx, { letter: "email_changed", to: email, language, values: {} });
      }
      await codes.kill(tx, subjects);
      await queries.setEmail(tx, id, region, pending.address, clock.now());
      await audit.record(tx, { action: "email.changed", accountId: id, actor });
      return true;
    });
    if (!done) throw refuseCode.code_wrong();
  }

  #keyOf(id: AccountId): CodeKey {
    return { subject: this.#given.codes.ofAccount(id), purpose: "email_change" };
  }
}
