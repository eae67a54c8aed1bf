import { statement } from "@kinopass/postgres";
import type { AccountId, SessionId } from "../ids.ts";

/** Until the transaction ends: how long a statement of it may wait for a lock, in milliseconds. */
export const limitLockWait = statement<never>(
  "sessions.limit_lock_wait",
  "select set_config('lock_timeout', $1, true)",
);

export interface OweRow {
  /** Whether the session that asks is alive. */
  readonly is_live: boolean;
  /** How many sessions the account has by its trail; above $11 nothing is owed. */
  readonly known: number;
  readonly owed: readonly SessionId[];
}

/**
 * Ends sessions without their table, which is locked: what is alive is told by the audit trail, whose entries share the
 * transactions of openings and endings. Revocation, audit entry and what is owed to the table are written together, and of many
 * who ask at once one writes.
 *
 * $2: the session that asks; $3: now; $4: what was opened before has run out; $5: one session, or null; $6: the one that
 * stays, or null. Sessions that gave way to the fifty-first device are not in the trail as ended: ending them again does no harm.
 */
export const owe = statement<OweRow>(
  "sessions.owe",
  `with trail as materialized (
     select action, session_id, details from auth.audit_entries
      where account_id = $1 and occurred_at > $4
        and action in ('session.opened', 'session.ended', 'session.refresh_token_reused')
   ), over as materialized (
     select jsonb_array_elements_text(details -> 'sessions')::uuid as id from trail where action = 'session.ended'
     union
     select session_id from trail where action = 'session.refresh_token_reused'
     union
     select session_id from auth.endings_owed where account_id = $1
   ), live as materialized (
     select session_id as id from trail where action = 'session.opened' except select id from over
   ), owed as (
     insert into auth.endings_owed (account_id, session_id, owed_at, because)
     select $1, id, $3, $7 from live
      where exists (select from live where id = $2)
        and ($5::uuid is null or id = $5) and ($6::uuid is null or id <> $6)
        and (select count(*) from live) <= $11
     on conflict do nothing
     returning session_id
   ), revoked as (
     insert into auth.revocations (recorded_at, event, account_id, session_id, because)
     select $3, 'session-revoked', $1, session_id, $7 from owed
   ), noted as (
     insert into auth.audit_entries
       (account_id, id, occurred_at, action, actor_kind, actor_id, session_id, address, request_id, details)
     select $1, $8::uuid, $3, 'session.ended', 'account', $1::text, $2, $9, $10,
            jsonb_build_object('because', $7::text, 'sessions', jsonb_agg(session_id))
       from owed having count(*) > 0
   )
   select exists (select from live where id = $2) as is_live,
          (select count(*) from live)::integer as known,
          array(select session_id from owed) as owed`,
);

export interface OwedRow {
  readonly account_id: AccountId;
  readonly session_id: SessionId;
  readonly owed_at: Date;
  readonly because: string;
}

/** Asked all the time: locks nothing. */
export const isAnythingOwed = statement<{ readonly yes: boolean }>(
  "sessions.is_anything_owed",
  "select true as yes from auth.endings_owed limit 1",
);

/** The oldest of what is owed; replicas take different ones. */
export const takeOwed = statement<OwedRow>(
  "sessions.take_owed",
  `select account_id, session_id, owed_at, because from auth.endings_owed
    order by owed_at, session_id limit $1 for update skip locked`,
);

export interface PaidRow {
  readonly account_id: AccountId;
  readonly session_id: SessionId;
  readonly because: string;
}

/** Ends those that live. A row that somebody holds is left for the next time, and holds up no other. */
export const pay = statement<PaidRow>(
  "sessions.pay",
  `with free as materialized (
     select session.account_id, session.id, due.owed_at, due.because
       from unnest($1::uuid[], $2::uuid[], $3::timestamptz[], $4::text[]) as due (account_id, id, owed_at, because)
       join auth.sessions as session on session.account_id = due.account_id and session.id = due.id
      where session.ended_at is null
        for update of session skip locked
   )
   update auth.sessions as session set ended_at = free.owed_at, ended_because = free.because
     from free where session.account_id = free.account_id and session.id = free.id
   returning session.account_id, session.id as session_id, session.ended_because as because`,
);

/** What has been ended, or is gone, is owed no longer. */
export const strikeOff = statement<never>(
  "sessions.strike_off",
  `delete from auth.endings_owed as owed using unnest($1::uuid[], $2::uuid[]) as due (account_id, id)
    where owed.account_id = due.account_id and owed.session_id = due.id
      and not exists (select from auth.sessions as session
                       where session.account_id = due.account_id and session.id = due.id and session.ended_at is null)`,
);
