import type { Language } from "@kinopass/http";
import { statement } from "@kinopass/postgres";
import type { AccountId, RegionCode } from "../ids.ts";

/** An account as a list of administrators shows it. The password hash is never read here. */
export interface ListedRow {
  readonly id: AccountId;
  readonly region: RegionCode;
  readonly status: "active" | "disabled";
  readonly email: string | null;
  readonly display_name: string | null;
  readonly birth_date: string | null;
  readonly birth_date_precision: "day" | "year" | null;
  readonly locale: Language;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly roles: readonly string[];
}

const SHOWN = `account.id, account.region, account.status, account.email, account.display_name,
          account.birth_date::text as birth_date, account.birth_date_precision, account.locale, account.created_at, account.updated_at,
          array(select role_name from auth.role_grants where account_id = account.id order by role_name) as roles`;

/** One region's leaf, newest first: ids sort by time. */
export const accountsOfRegion = statement<ListedRow>(
  "admin.accounts_of_region",
  `select ${SHOWN} from auth.accounts as account
    where account.region = $1 and account.id < $2
    order by account.id desc limit $3`,
);

/** A stretch of the index (birth_date, id) of one region's leaf, after a given row. */
export const accountsOfAge = statement<ListedRow>(
  "admin.accounts_of_age",
  `select ${SHOWN} from auth.accounts as account
    where account.region = $1 and account.birth_date >= $2::date and account.birth_date <= $3::date
      and (account.birth_date, account.id) > ($2::date, $4)
    order by account.birth_date, account.id limit $5`,
);

export const accountsOfUnknownAge = statement<ListedRow>(
  "admin.accounts_of_unknown_age",
  `select ${SHOWN} from auth.accounts as account
    where account.region = $1 and account.birth_date is null and account.id > $2
    order by account.id limit $3`,
);

export const setStatus = statement<{ readonly id: AccountId }>(
  "admin.set_status",
  `update auth.accounts set status = $3, updated_at = $4 where id = $1 and region = $2 and status <> $3 returning id`,
);
