import type { Language } from "@kinopass/http";
import { statement } from "@kinopass/postgres";
import type { EmailAddress } from "../directory/email-address.ts";
import type { AccountId, RegionCode } from "../ids.ts";

export interface AccountRow {
  readonly id: AccountId;
  readonly region: RegionCode;
  readonly status: "active" | "disabled";
  /** Confirmed, or absent: a social account need not have one. */
  readonly email: EmailAddress | null;
  /** PHC string; null where the person only comes in by a social account. */
  readonly password_hash: string | null;
  readonly display_name: string | null;
  /** YYYY-MM-DD. */
  readonly birth_date: string | null;
  readonly birth_date_precision: "day" | "year" | null;
  readonly locale: Language;
  readonly created_at: Date;
  readonly updated_at: Date;
  readonly password_changed_at: Date | null;
  readonly roles: readonly string[];
}

/** `birth_date` as text: a date has no zone, and the driver would give it one. */
const shown = (
  of: string,
) => `${of}id, ${of}region, ${of}status, ${of}email, ${of}password_hash, ${of}display_name,
          ${of}birth_date::text as birth_date, ${of}birth_date_precision, ${of}locale,
          ${of}created_at, ${of}updated_at, ${of}password_changed_at`;
const SHOWN = `${shown("")},
          array(select role_name from auth.role_grants where account_id = $1 order by role_name) as roles`;

export const find = statement<AccountRow>(
  "accounts.find",
  `select ${SHOWN} from auth.accounts where id = $1 and region = $2`,
);

/** Wherever it lives by now; $2: where it was born. One statement sees an account before a move or after it, never in between. */
export const findMoved = statement<AccountRow>(
  "accounts.find_moved",
  `select ${SHOWN} from auth.accounts
    where id = $1
      and region = coalesce((select moved.region from auth.relocations as moved where moved.account_id = $1), $2)`,
);

/** $3 and $4: an account that is not there, looked for where nobody owns the identifier. */
export const findByIdentifier = statement<AccountRow>(
  "accounts.find_by_identifier",
  `select ${shown("(found.account).")}, found.roles
     from auth.account_by_identifier($1, $2, $3, $4) as found`,
);

/** The same for many at once, one after the other in the function: $1, $2 and $4 are arrays. */
export const findByIdentifiers = statement<AccountRow & { readonly number: number }>(
  "accounts.find_by_identifiers",
  `select found.number, ${shown("(found.account).")}, found.roles
     from auth.accounts_by_identifiers($1, $2, $3, $4) as found`,
);

/**
 * Changes of one account take turns here first: a row that moves to another leaf cannot be waited for
 * (PostgreSQL says 40001 instead), a lock that stands beside it can.
 */
export const takeTurn = statement<never>(
  "accounts.take_turn",
  "select pg_advisory_xact_lock(hashtextextended($1::text, 1))",
);

export const findRelocation = statement<{ readonly region: RegionCode }>(
  "accounts.find_relocation",
  "select region from auth.relocations where account_id = $1",
);

/** Sessions that are opened meanwhile wait for this one. */
export const lock = statement<AccountRow>(
  "accounts.lock",
  `select ${SHOWN} from auth.accounts where id = $1 and region = $2 for update of accounts`,
);

export const insert = statement<never>(
  "accounts.insert",
  `insert into auth.accounts
     (id, region, birth_date, birth_date_precision, created_at, updated_at, password_changed_at, locale, email, password_hash, display_name)
   values ($1, $2, $3::date, $4, $5, $5, $6, $7, $8, $9, $10)`,
);

export const grantAtBirth = statement<never>(
  "accounts.grant_at_birth",
  `insert into auth.role_grants (account_id, role_name, granted_at, granted_by)
   select $1, role_name, $3, $4 from unnest($2::text[]) as role_name`,
);

/** $3: the region to live in from now on; another one than $2 moves the row to another leaf. */
export const update = statement<never>(
  "accounts.update",
  `update auth.accounts
      set region = $3, display_name = $4, birth_date = $5::date, birth_date_precision = $6, locale = $7, updated_at = $8
    where id = $1 and region = $2`,
);

export const setEmail = statement<never>(
  "accounts.set_email",
  "update auth.accounts set email = $3, updated_at = $4 where id = $1 and region = $2",
);

export const erase = statement<never>(
  "accounts.erase",
  "delete from auth.accounts where id = $1 and region = $2",
);
