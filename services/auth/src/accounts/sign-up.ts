import type { Language } from "@kinopass/http";
import type { PostgresDatabase } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Clock } from "../clock.ts";
import { type CodeKey, type Codes, refuse } from "../codes/codes.ts";
import type { Directory } from "../directory/directory.ts";
import type { EmailAddress } from "../directory/email-address.ts";
import { type Client, type Device, deviceOf } from "../http/client.ts";
import type { RegionCode } from "../ids.ts";
import type { MailQueue, StoredJob } from "../mail/mail-queue.ts";
import { whereOf } from "../mail/where.ts";
import type { Passwords } from "../passwords/passwords.ts";
import { demandGoodPassword } from "../passwords/policy.ts";
import type { SignInHistory } from "../passwords/sign-in.ts";
import type { Regions } from "../regions/regions.ts";
import type { Sessions, Tokens } from "../sessions/sessions.ts";
import type { Accounts } from "./accounts.ts";
import { demandBirthDate } from "./birth-date.ts";

export interface SignUpForm {
  readonly email: EmailAddress;
  readonly password: string;
  readonly displayName: string | undefined;
  readonly birthDate: string | undefined;
  /** A region's slug. */
  readonly region: string | undefined;
  readonly locale: Language;
}

/** What waits, sealed, until its code comes back. */
interface PendingAccount {
  readonly passwordHash: string;
  readonly displayName?: string;
  readonly birthDate?: string;
  readonly region: RegionCode;
  readonly locale: Language;
}

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly regions: Regions;
  readonly passwords: Passwords;
  readonly codes: Codes;
  readonly mail: MailQueue;
  readonly sessions: Sessions;
  readonly history: SignInHistory;
}

/**
 * Signing up. The answer never tells whether the address is taken, by text, status or time: the request
 * hashes the password, keeps the sign-up beside a code and queues a mail, whatever the case. Only the
 * mailer looks, when nobody waits any more: an owner is told that there is an account already.
 */
export class SignUp {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  @trace("accounts.sign_up")
  async begin(form: SignUpForm, client: Client): Promise<void> {
    const { clock, codes, db, mail, passwords, regions } = this.#given;
    const { email, password, displayName, locale } = form;
    demandGoodPassword(password, email);
    const birthDate = form.birthDate === undefined ? undefined : demandBirthDate(form.birthDate, clock.now());
    const region = await regions.codeOf(form.region);
    const pending: PendingAccount = {
      passwordHash: await passwords.hash(password),
      ...(displayName === undefined ? {} : { displayName }),
      ...(birthDate === undefined ? {} : { birthDate }),
      region,
      locale,
    };
    await db.transaction(async (tx) => {
      const { id, code, expiresAt } = await codes.issue(tx, this.#keyOf(email), pending);
      const values = { code, codeId: id, email, ...whereOf(client, deviceOf(undefined, client)) };
      await mail.enqueue(tx, {
        letter: "sign_up_code",
        to: email,
        language: locale,
        values,
        check: "sign_up",
        usefulUntil: expiresAt,
      });
    });
  }

  /** The mailer's question: an address that is taken gets another letter, and the code dies untold. */
  async checkMail(job: StoredJob): Promise<StoredJob> {
    const { codes, directory } = this.#given;
    if ((await directory.find({ kind: "email", address: job.to })) === undefined) return job;
    await codes.retire(this.#keyOf(job.to), job.values["codeId"] ?? "");
    return { ...job, letter: "already_registered" };
  }

  /**
   * Makes the account and opens its first session, in one transaction. Refuses `code_wrong`,
   * and `email_taken` where somebody else confirmed the same address first.
   */
  @trace("accounts.confirm")
  async confirm(email: EmailAddress, code: string, client: Client, device: Device): Promise<Tokens> {
    const { accounts, codes, db, history, sessions } = this.#given;
    const confirmed = await db.transaction(async (tx) => {
      const pending = await codes.redeem<PendingAccount>(tx, this.#keyOf(email), code);
      // The wrong try is committed: a rollback would forget it.
      if (pending === undefined) return undefined;
      const account = await accounts.createConfirmed({ ...pending, email, address: client.address }, tx);
      const { roles, birth_date: birthDate } = account;
      const tokens = await sessions.open({ account, roles, birthDate, door: "sign_up", client, device }, tx);
      return { account, tokens };
    });
    if (confirmed === undefined) throw refuse.code_wrong();
    const { account, tokens } = confirmed;
    history.record({
      account,
      sessionId: tokens.sessionId,
      outcome: "signed_in",
      door: "sign_up",
      device,
      client,
    });
    return tokens;
  }

  #keyOf(address: EmailAddress): CodeKey {
    return { subject: this.#given.directory.hash({ kind: "email", address }), purpose: "sign_up" };
  }
}
