import type { PostgresDatabase } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Codes } from "../codes/codes.ts";
import type { Directory } from "../directory/directory.ts";
import type { AccountId } from "../ids.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import type { Regions } from "../regions/regions.ts";
import type { Sessions } from "../sessions/sessions.ts";
import { type AccountRow, type Accounts, refuse } from "./accounts.ts";
import { identifiersOf, type Keeper } from "./keepers.ts";
import * as queries from "./queries.ts";

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly regions: Regions;
  readonly sessions: Sessions;
  readonly codes: Codes;
  readonly audit: Audit;
  readonly mail: MailQueue;
  readonly keepers: readonly Keeper[];
}

/** Taking one's data, and being forgotten. Both reach into every capability that keeps something (`Keeper`). */
export class Erasure {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Everything we hold about the account, as JSON. Secrets are named, not shown: a hash is of use to thieves alone. */
  @trace("accounts.export")
  async export(id: AccountId): Promise<Record<string, unknown>> {
    const { accounts, clock, keepers, regions } = this.#given;
    const account = await accounts.find(id);
    if (account === undefined) throw refuse.account_not_found();
    const held: Record<string, unknown> = {
      exported_at: clock.now().toISOString(),
      account: showHeld(account, await regions.slugOf(account.region)),
    };
    for (const keeper of keepers) {
      const kept = await keeper.export?.(id);
      if (kept !== undefined) held[keeper.name] = kept;
    }
    return held;
  }

  /**
   * Erases the account and all that is kept about it, in one transaction. What stays is one entry of the
   * audit trail without personal data: that an account of this id was erased, when, and by what kind of actor.
   */
  @trace("accounts.erase")
  async erase(id: AccountId, actor: Actor): Promise<void> {
    const { accounts, audit, codes, directory, keepers, mail, sessions } = this.#given;
    await accounts.underLock(id, async (tx, account) => {
      const identifiers = await identifiersOf(tx, keepers, account);
      await codes.kill(tx, [codes.ofAccount(id), ...identifiers.map((one) => directory.hash(one))]);
      // Ended before they are deleted: services must be told that their tokens are dead.
      await sessions.endAll(tx, id, actor, "account_erased");
      for (const keeper of keepers) await keeper.erase?.(tx, id);
      await directory.forget(tx, id, identifiers);
      await queries.erase(tx, id, account.region);
      const { kind } = actor;
      await audit.record(tx, {
        action: "account.erased",
        accountId: id,
        actor: { kind: "system" },
        details: { by: kind },
      });
      if (account.email === null) return;
      const language = account.locale;
      await mail.enqueue(tx, { letter: "account_erased", to: account.email, language, values: {} });
    });
  }
}

function showHeld(account: AccountRow, region: string) {
  return {
    id: account.id,
    region,
    status: account.status,
    email: account.email,
    display_name: account.display_name,
    birth_date: account.birth_date,
    birth_date_precision: account.birth_date_precision,
    locale: account.locale,
    roles: account.roles,
    has_password: account.password_hash !== null,
    password_changed_at: account.password_changed_at?.toISOString() ?? null,
    created_at: account.created_at.toISOString(),
    updated_at: account.updated_at.toISOString(),
  };
}
