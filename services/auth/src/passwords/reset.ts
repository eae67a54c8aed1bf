import type { Language } from "@kinopass/http";
import type { PostgresDatabase, Transaction } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { AccountRow, Accounts } from "../accounts/accounts.ts";
import type { Keeper } from "../accounts/keepers.ts";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import { type CodeKey, type Codes, refuse as refuseCode } from "../codes/codes.ts";
import type { Directory } from "../directory/directory.ts";
import type { EmailAddress } from "../directory/email-address.ts";
import { type Client, deviceOf } from "../http/client.ts";
import type { MailQueue, StoredJob } from "../mail/mail-queue.ts";
import { whereOf } from "../mail/where.ts";
import type { Revocations } from "../revocations/revocations.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Passwords } from "./passwords.ts";
import { demandGoodPassword } from "./policy.ts";
import * as queries from "./queries.ts";

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly passwords: Passwords;
  readonly revocations: Revocations;
  readonly sessions: Sessions;
  readonly codes: Codes;
  readonly audit: Audit;
  readonly mail: MailQueue;
  readonly keepers: readonly Keeper[];
}

export interface ResetForm {
  readonly email: EmailAddress;
  readonly code: string;
  readonly password: string;
}

/**
 * A new password for whoever reads the mailbox. Asking runs the same statements for every address; only
 * the mailer looks who has an account, and lets the code of an unknown address die untold. Confirming
 * ends every session, kills every pending code, and takes away ways in that the owner did not confirm:
 * what a thief set up must not outlive the recovery.
 */
export class PasswordReset {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  @trace("passwords.ask_reset")
  async ask(email: EmailAddress, language: Language, client: Client): Promise<void> {
    const { codes, db, mail } = this.#given;
    await db.transaction(async (tx) => {
      const { id, code, expiresAt } = await codes.issue(tx, this.#keyOf(email), {});
      await mail.enqueue(tx, {
        letter: "password_reset_code",
        to: email,
        language,
        values: { code, codeId: id, email, ...whereOf(client, deviceOf(undefined, client)) },
        check: "password_reset",
        usefulUntil: expiresAt,
      });
    });
  }

  /** The mailer's question: nobody's address gets no mail, everybody else's is written in its owner's language. */
  async checkMail(job: StoredJob): Promise<StoredJob | undefined> {
    const { accounts, codes } = this.#given;
    const account = await accounts.findByEmail(job.to);
    if (account !== undefined) return { ...job, language: account.locale };
    await codes.retire(this.#keyOf(job.to), job.values["codeId"] ?? "");
    return undefined;
  }

  /** Refuses `code_wrong`, whatever of address and code is wrong. */
  @trace("passwords.reset")
  async confirm({ email, code, password }: ResetForm, client: Client): Promise<void> {
    const { accounts, codes, passwords } = this.#given;
    demandGoodPassword(password, email);
    const hash = await passwords.hash(password);
    const done = await accounts.underLockOf(email, async (tx, account) => {
      const redeemed = await codes.redeem(tx, this.#keyOf(email), code);
      // The wrong try is committed: a rollback would forget it.
      if (redeemed === undefined || account === undefined) return false;
      await this.#set(tx, account, hash, client);
      return true;
    });
    if (!done) throw refuseCode.code_wrong();
  }

  async #set(tx: Transaction, account: AccountRow, hash: string, client: Client): Promise<void> {
    const { audit, clock, codes, directory, keepers, mail, revocations, sessions } = this.#given;
    const { id, region, email, locale } = account;
    const actor: Actor = { kind: "account", id, address: client.address };
    await queries.setPassword(tx, id, region, hash, clock.now());
    const address = email === null ? [] : [directory.hash({ kind: "email", address: email })];
    await codes.kill(tx, [codes.ofAccount(id), ...address]);
    await sessions.endAll(tx, id, actor, "password_reset");
    await revocations.ofPassword(tx, id, account.password_hash === null ? "password_set" : "password_reset");
    for (const keeper of keepers) await keeper.recover?.(tx, id);
    await audit.record(tx, { action: "password.reset", accountId: id, actor });
    if (email === null) return;
    const values = whereOf(client, deviceOf(undefined, client));
    await mail.enqueue(tx, { letter: "password_changed", to: email, language: locale, values });
  }

  #keyOf(address: EmailAddress): CodeKey {
    return { subject: this.#given.directory.hash({ kind: "email", address }), purpose: "password_reset" };
  }
}
