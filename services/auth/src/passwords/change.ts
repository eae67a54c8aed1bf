import type { Transaction } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import { type AccountRow, type Accounts, refuse as refuseAccount } from "../accounts/accounts.ts";
import type { Acting } from "../accounts/acting.ts";
import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Codes } from "../codes/codes.ts";
import type { Directory } from "../directory/directory.ts";
import { type Authenticate, refuse as refuseMember } from "../http/authenticate.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import { whereOf } from "../mail/where.ts";
import type { Revocations } from "../revocations/revocations.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { PasswordTries } from "../sign-in-guard/sign-in-guard.ts";
import type { Passwords } from "./passwords.ts";
import { demandBoundedPassword, demandGoodPassword } from "./policy.ts";
import * as queries from "./queries.ts";
import { refuse } from "./refusals.ts";
import type { SignInHistory } from "./sign-in.ts";

interface Dependencies {
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly authenticate: Authenticate;
  readonly directory: Directory;
  readonly passwords: Passwords;
  readonly revocations: Revocations;
  readonly sessions: Sessions;
  readonly codes: Codes;
  readonly audit: Audit;
  readonly mail: MailQueue;
  readonly history: SignInHistory;
}

export interface NewPassword {
  readonly current: string | undefined;
  readonly next: string;
}

/**
 * Changing the password, or setting the first one of an account that came from a social network. Every
 * other session ends and every pending code dies: whoever held one may be why it was changed.
 */
export class PasswordChange {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  @trace("passwords.change")
  async change(acting: Acting, { current, next }: NewPassword, tries: PasswordTries): Promise<void> {
    const { accounts, passwords } = this.#given;
    const account = await accounts.find(acting.member.accountId);
    if (account === undefined) throw refuseAccount.account_not_found();
    if (current !== undefined) demandBoundedPassword(current);
    demandGoodPassword(next, account.email);
    await this.#demandProof(acting, account, current, tries);
    // A current password that was sent along, although there is none, is nothing to compare with.
    if (account.password_hash !== null && current === next) throw refuse.password_unchanged();
    const hash = await passwords.hash(next);
    await accounts.underLock(account.id, async (tx, now) => {
      // Changed by somebody else since it was verified: then what was verified proves nothing any more.
      if (now.password_hash !== account.password_hash) throw refuse.current_password_wrong();
      await this.#set(tx, now, hash, acting);
    });
  }

  /** The current password, or a sign-in of the last minutes where there is none. */
  async #demandProof(
    { member, client, device }: Acting,
    account: AccountRow,
    current: string | undefined,
    tries: PasswordTries,
  ): Promise<void> {
    const { authenticate, history, passwords } = this.#given;
    if (account.password_hash === null) {
      if (account.email === null) throw refuse.email_needed();
      if (!authenticate.isFresh(member)) throw refuseMember.reauth_required();
      return;
    }
    if (current === undefined) throw refuse.current_password_needed();
    // Who holds a stolen session guesses no faster here than at the door.
    if (account.email !== null) await tries.demand(account.email, current);
    if (await passwords.verify(account.password_hash, current)) return;
    await tries.failed(current);
    history.record({ account, sessionId: null, outcome: "wrong_password", door: "password", device, client });
    throw refuse.current_password_wrong();
  }

  async #set(
    tx: Transaction,
    account: AccountRow,
    hash: string,
    { member, actor, client, device }: Acting,
  ): Promise<void> {
    const { audit, clock, codes, directory, mail, revocations, sessions } = this.#given;
    const { id, region, email, locale } = account;
    const isFirst = account.password_hash === null;
    await queries.setPassword(tx, id, region, hash, clock.now());
    const address = email === null ? [] : [directory.hash({ kind: "email", address: email })];
    await codes.kill(tx, [codes.ofAccount(id), ...address]);
    await sessions.endOthers(tx, id, member.sessionId, actor, "password_changed");
    await sessions.proveAgain(tx, id, member.sessionId);
    await revocations.ofPassword(tx, id, isFirst ? "password_set" : "password_changed");
    await audit.record(tx, { action: isFirst ? "password.set" : "password.changed", accountId: id, actor });
    if (email === null) return;
    const values = whereOf(client, device);
    await mail.enqueue(tx, { letter: "password_changed", to: email, language: locale, values });
  }
}
