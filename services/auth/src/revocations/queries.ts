import { statement } from "@kinopass/postgres";

export const insertRevocation = statement<never>(
  "revocations.insert",
  `insert into auth.revocations (recorded_at, event, account_id, session_id, issued_before, because)
   select $1, $2, $3, session_id, $5, $6 from unnest($4::uuid[]) as session_id`,
);

export const insertAccountRevocation = statement<never>(
  "revocations.insert_account",
  `insert into auth.revocations (recorded_at, event, account_id, issued_before, because) values ($1, $2, $3, $1, $4)`,
);

export const purge = statement<never>(
  "revocations.purge",
  "delete from auth.revocations where recorded_at < $1",
);
