/**
 * What administrators do to accounts: sign them out, disable and enable them (ASVS 7.4.2, 7.4.5).
 * Nobody does it to an account that holds permissions they do not hold themselves, and the last
 * superuser cannot be disabled. Passwords are none of their business: there is no way to see or set one.
 */
import type { AccountRow, Accounts } from "../accounts/accounts.ts";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { AccountId } from "../ids.ts";
import type { Roles } from "../roles/roles.ts";
import type { Sessions } from "../sessions/sessions.ts";
import * as queries from "./queries.ts";

interface Dependencies {
  readonly clock: Clock;
  readonly audit: Audit;
  readonly accounts: Accounts;
  readonly roles: Roles;
  readonly sessions: Sessions;
}

export class Administration {
  readonly #clock: Clock;
  readonly #audit: Audit;
  readonly #accounts: Accounts;
  readonly #roles: Roles;
  readonly #sessions: Sessions;

  constructor({ clock, audit, accounts, roles, sessions }: Dependencies) {
    this.#clock = clock;
    this.#audit = audit;
    this.#accounts = accounts;
    this.#roles = roles;
    this.#sessions = sessions;
  }

  /** Ends every session of an account. Returns how many there were. */
  async signOut(actor: Actor, accountId: AccountId): Promise<number> {
    return await this.#accounts.underLock(accountId, async (tx) => {
      await this.#roles.demandAuthorityOver(tx, actor, "sessions:end", accountId);
      return await this.#sessions.endAll(tx, accountId, actor, "ended_by_administrator");
    });
  }

  /** A disabled account is signed out everywhere and cannot sign in; its data stays. */
  async setStatus(actor: Actor, accountId: AccountId, status: "active" | "disabled"): Promise<AccountRow> {
    return await this.#accounts.underLock(accountId, async (tx, account) => {
      await this.#roles.demandAuthorityOver(tx, actor, "accounts:write", accountId);
      if (account.status === status) return account;
      const now = this.#clock.now();
      if (status === "disabled") await this.#roles.keepASuperuser(tx, accountId);
      await queries.setStatus(tx, accountId, account.region, status, now);
      const action = status === "disabled" ? "account.disabled" : "account.enabled";
      await this.#audit.record(tx, { action, accountId, actor });
      if (status === "disabled") await this.#sessions.endAll(tx, accountId, actor, "account_disabled");
      return { ...account, status, updated_at: now };
    });
  }
}
