import { statement } from "@kinopass/postgres";
import type { SessionId } from "../ids.ts";

/**
 * A batch of rows as one array a column. Ids are ours, so writing a batch again whose answer got lost
 * adds nothing.
 */
export const insertSignIns = statement<never>(
  "history.insert",
  `insert into auth.sign_ins
     (account_id, occurred_at, id, session_id, region, outcome, door, device_kind, device_name, address, user_agent, request_id)
   select * from unnest($1::uuid[], $2::timestamptz[], $3::uuid[], $4::uuid[], $5::smallint[], $6::text[], $7::text[],
                        $8::text[], $9::text[], $10::inet[], $11::text[], $12::text[])
   on conflict do nothing`,
);

export interface SignInRow {
  readonly id: string;
  readonly occurred_at: Date;
  readonly outcome: string;
  readonly door: string;
  readonly device_kind: string;
  readonly device_name: string | null;
  readonly address: string | null;
  readonly session_id: SessionId | null;
}

const SHOWN =
  "id, occurred_at, outcome, door, device_kind, device_name, host(address) as address, session_id";

/**
 * The rows before ($3, $4) and not before $2, newest first. `occurred_at <= $3` says again what the
 * row comparison says, in words that partition pruning understands.
 */
export const signInsBefore = statement<SignInRow>(
  "history.page",
  `select ${SHOWN} from auth.sign_ins
    where account_id = $1 and occurred_at >= $2 and occurred_at <= $3 and (occurred_at, id) < ($3, $4)
      and ($5::text is null or device_kind = $5)
    order by occurred_at desc, id desc
    limit $6`,
);

/** All months: an export is rare and whole. */
export const allSignIns = statement<SignInRow & { readonly user_agent: string | null }>(
  "history.all",
  `select ${SHOWN}, user_agent from auth.sign_ins where account_id = $1 order by occurred_at desc, id desc limit $2`,
);

/** Rows that came after the erasure of their account; what is older went with it. */
export const eraseStragglers = statement<never>(
  "history.erase_stragglers",
  "delete from auth.sign_ins where account_id = any ($1::uuid[]) and occurred_at >= $2",
);

export const eraseSignIns = statement<never>(
  "history.erase",
  "delete from auth.sign_ins where account_id = $1",
);
