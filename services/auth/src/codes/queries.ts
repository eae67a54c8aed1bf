import { statement } from "@kinopass/postgres";

/**
 * $8: how many older codes of the subject stay alive beside the new one. The snapshot of the inner select
 * is from before the insert, so the new one is never among those that go.
 */
export const issue = statement<never>(
  "codes.issue",
  `with issued as (
     insert into auth.codes (subject_hash, purpose, id, code_hash, created_at, expires_at, payload)
     values ($1, $2, $3, $4, $5, $6, $7)
   )
   delete from auth.codes
    where subject_hash = $1 and purpose = $2
      and id in (select id from auth.codes where subject_hash = $1 and purpose = $2
                  order by created_at desc, id desc offset $8)`,
);

export interface RedeemedRow {
  readonly id: string;
  readonly payload: Buffer | null;
  readonly is_right: boolean;
}

/**
 * Counts the try against every code it might have been and spends the one it was, in one statement: of
 * parallel tries with the right code one finds it unused, and no try goes uncounted. $5: tries allowed.
 */
export const redeem = statement<RedeemedRow>(
  "codes.redeem",
  `update auth.codes
      set tries = tries + 1,
          used_at = case when code_hash = any($4::bytea[]) then $3::timestamptz end
    where subject_hash = $1 and purpose = $2 and used_at is null and expires_at > $3 and tries < $5
   returning id, payload, used_at is not null as is_right`,
);

/** $4: what no code hashes to. */
export const retire = statement<never>(
  "codes.retire",
  "update auth.codes set code_hash = $4, payload = null where subject_hash = $1 and purpose = $2 and id = $3",
);

export const kill = statement<never>(
  "codes.kill",
  "delete from auth.codes where subject_hash = any($1::bytea[])",
);

/** In batches, so that each statement stays below the timeout. */
export const purge = statement<never>(
  "codes.purge",
  `delete from auth.codes where (subject_hash, purpose, id) in (
     select subject_hash, purpose, id from auth.codes where expires_at < $1 limit $2)`,
);
