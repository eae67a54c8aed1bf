import type { Language } from "@kinopass/http";
import type { Transaction } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Directory } from "../directory/directory.ts";
import type { AccountId, RegionCode } from "../ids.ts";
import type { Regions } from "../regions/regions.ts";
import type { Revocations } from "../revocations/revocations.ts";
import { ageCeilingOf } from "../sessions/age.ts";
import { type AccountRow, type Accounts, refuse } from "./accounts.ts";
import { demandBirthDate } from "./birth-date.ts";
import { identifiersOf, type Keeper } from "./keepers.ts";
import * as queries from "./queries.ts";

interface Dependencies {
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly regions: Regions;
  readonly revocations: Revocations;
  readonly audit: Audit;
  readonly keepers: readonly Keeper[];
}

/** What a person may change about themselves; what is left out stays, null takes it away. */
export interface ProfileChange {
  readonly displayName?: string | null | undefined;
  readonly birthDate?: string | null | undefined;
  /** A region's slug. */
  readonly region?: string | undefined;
  readonly locale?: Language | undefined;
}

export class Profile {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  @trace("accounts.show")
  async show(id: AccountId): Promise<AccountRow> {
    const account = await this.#given.accounts.find(id);
    if (account === undefined) throw refuse.account_not_found();
    return account;
  }

  /** Changes what is given. Another region moves the account's row, identifiers and sessions with it. */
  @trace("accounts.change")
  async change(id: AccountId, change: ProfileChange, actor: Actor): Promise<AccountRow> {
    const { accounts, audit, clock, regions, revocations } = this.#given;
    if (change.birthDate != null) demandBirthDate(change.birthDate, clock.now());
    const region = change.region === undefined ? undefined : await regions.codeOf(change.region);
    return await accounts.underLock(id, async (tx, before) => {
      const now = clock.now();
      const after = changed(before, change, region, now);
      await queries.update(
        tx,
        id,
        before.region,
        after.region,
        after.display_name,
        after.birth_date,
        after.birth_date_precision,
        after.locale,
        now,
      );
      if (after.region !== before.region) await this.#move(tx, before, after.region, now);
      // The age ceiling in the tokens told so far may be another one now.
      if (after.birth_date !== before.birth_date) {
        const age_ceiling = ageCeilingOf(after.birth_date, now);
        await revocations.ofClaims(tx, id, { age_ceiling }, "birth_date_changed");
      }
      const fields = Object.keys(change).filter((name) => change[name as keyof ProfileChange] !== undefined);
      await audit.record(tx, { action: "account.changed", accountId: id, actor, details: { fields } });
      return after;
    });
  }

  async #move(tx: Transaction, account: AccountRow, to: RegionCode, now: Date): Promise<void> {
    const { directory, keepers } = this.#given;
    const identifiers = await identifiersOf(tx, keepers, account);
    await directory.move(tx, account.id, to, identifiers, now);
    for (const keeper of keepers) await keeper.move?.(tx, account.id, to);
  }
}

function changed(
  before: AccountRow,
  change: ProfileChange,
  region: RegionCode | undefined,
  now: Date,
): AccountRow {
  const birthDate = change.birthDate === undefined ? before.birth_date : change.birthDate;
  const precision = change.birthDate === undefined ? before.birth_date_precision : "day";
  return {
    ...before,
    region: region ?? before.region,
    display_name: change.displayName === undefined ? before.display_name : change.displayName,
    birth_date: birthDate,
    birth_date_precision: birthDate === null ? null : precision,
    locale: change.locale ?? before.locale,
    updated_at: now,
  };
}
