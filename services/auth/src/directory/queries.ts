import { statement } from "@kinopass/postgres";
import type { AccountId, RegionCode } from "../ids.ts";

export interface Owner {
  readonly account_id: AccountId;
  readonly region: RegionCode;
}

export const findOwner = statement<Owner>(
  "directory.find_owner",
  "select account_id, region from auth.identifiers where value_hash = $1 and kind = $2",
);

/** No row comes back where somebody owns it already: the primary key decides, not a look beforehand. */
export const claim = statement<Owner>(
  "directory.claim",
  `insert into auth.identifiers (value_hash, kind, region, account_id, created_at)
   values ($1, $2, $3, $4, $5)
   on conflict do nothing
   returning account_id, region`,
);

export const release = statement<Owner>(
  "directory.release",
  "delete from auth.identifiers where value_hash = $1 and kind = $2 and account_id = $3 returning account_id, region",
);

export const moveOwned = statement<Owner>(
  "directory.move",
  "update auth.identifiers set region = $3 where value_hash = $1 and kind = $2 and account_id = $4 returning account_id, region",
);

export const relocate = statement<never>(
  "directory.relocate",
  `insert into auth.relocations (account_id, region, moved_at) values ($1, $2, $3)
   on conflict (account_id) do update set region = excluded.region, moved_at = excluded.moved_at`,
);

export const forgetRelocation = statement<never>(
  "directory.forget_relocation",
  "delete from auth.relocations where account_id = $1",
);
