import { statement } from "@kinopass/postgres";
import type { AccountId, RegionCode, SessionId } from "../ids.ts";
import type { AgeCeiling } from "../tokens/access-tokens.ts";

export interface OpenedRow {
  readonly id: SessionId;
  /** Whether the account was used with the same program before. */
  readonly seen: boolean;
}

/**
 * A session with all that belongs to it, in one round trip (docs/decisions/0009): its audit entry, and the end of the devices
 * beyond the limit ($14), least recently used first, with their revocations. Every part sees the table as it was before,
 * so the new session is not among those counted, nor among those that were seen.
 *
 * $13: where a password opened the door, the hash that was verified. It must still be the account's, and stay it until this
 * is committed, or nothing happens and no row comes back: `for share` makes a change of password wait, or be waited for.
 */
export const open = statement<OpenedRow>(
  "sessions.open",
  `with still as materialized (
     select from auth.accounts
      where id = $1 and region = $5 and password_hash = $13 and status = 'active' for share
   ), surplus as (
     update auth.sessions set ended_at = $3, ended_because = 'too_many'
      where account_id = $1 and ended_at is null
        and id in (select id from auth.sessions where account_id = $1 and ended_at is null
                    order by last_used_at desc, id desc offset $14)
        and ($13::text is null or exists (select from still))
     returning id
   ), revoked as (
     insert into auth.revocations (recorded_at, event, account_id, session_id, because)
     select $3, 'session-revoked', $1, id, 'too_many' from surplus
   ), opened as (
     insert into auth.sessions
       (account_id, id, created_at, authenticated_at, last_used_at, expires_at, region, age_ceiling, door, device_kind, device_name, address, user_agent)
     select $1, $2::uuid, $3, $3, $3, $4::timestamptz, $5, $6::smallint, $7, $8, $9, $10::inet, $11
      where $13::text is null or exists (select from still)
     returning id
   ), noted as (
     insert into auth.audit_entries
       (account_id, id, occurred_at, action, actor_kind, actor_id, session_id, address, request_id, details)
     select $1, $12::uuid, $3, 'session.opened', 'account', $1::text, $2, $10, $15,
            jsonb_build_object('door', $7::text, 'device', $8::text)
       from opened
   )
   select id, exists (select from auth.sessions where account_id = $1 and user_agent is not distinct from $11) as seen
     from opened`,
);

/**
 * The same for many whose passwords opened the door, one after the other in one round trip and one commit: $1 is a JSON array
 * of openings, $2 the limit. The function runs the statement above for each, and gives up on a row that is locked for more
 * than 50 ms; then nothing has happened to any of them.
 */
export const openMany = statement<OpenedRow & { readonly number: number }>(
  "sessions.open_many",
  "select * from auth.open_sessions($1, $2)",
);

export interface RotationRow {
  readonly counter: number;
  readonly region: RegionCode;
  /** What this device may watch at most, where its owner set less than the own age allows. */
  readonly device_ceiling: AgeCeiling | null;
  readonly status: "active" | "disabled" | null;
  readonly birth_date: string | null;
  readonly roles: string[];
}

/**
 * Swaps one counter for the next in one statement, so that of simultaneous refreshes one moves the
 * counter and the rest, having waited on the row, find it just moved and are given the same successor.
 * $5: now, $6: the start of the overlap window, $7: the idle limit. The account is read in the same round
 * trip by both parts of its key; it is not a join, so one leaf is touched.
 *
 * `counter <= $3`, not `=`: a genuine token above the row's counter proves that a failover lost a write
 * of ours, which is not the viewer's fault.
 */
export const rotate = statement<RotationRow>(
  "sessions.rotate",
  `with rotated as (
     update auth.sessions
        set counter = $3 + 1,
            last_used_at = case when counter <= $3 then $5::timestamptz else last_used_at end
      where account_id = $1 and id = $2 and ended_at is null
        and expires_at > $5 and last_used_at > $7
        and (counter <= $3 or (counter = $3 + 1 and last_used_at > $6))
     returning counter, region, age_ceiling
   )
   select rotated.counter, rotated.region, rotated.age_ceiling as device_ceiling, account.status, account.birth_date::text as birth_date,
          array(select role_name from auth.role_grants where account_id = $1 order by role_name) as roles
     from rotated
     left join lateral (select status, birth_date from auth.accounts where id = $1 and region = $4) as account on true`,
);

export interface NumberedRotationRow extends RotationRow {
  /** Which of those asked for, counted from 1; those that did not rotate are missing. */
  readonly number: number;
}

/**
 * The same for many, one after the other in one round trip and one commit: $1 to $4 are arrays. The function runs the
 * statement above for each, so each finds its leaf; a join would open all of them (docs/decisions/0003). It gives up on
 * a row that is locked for more than 50 ms, and then nothing has happened to any of them.
 */
export const rotateMany = statement<NumberedRotationRow>(
  "sessions.rotate_many",
  "select * from auth.rotate_sessions($1, $2, $3, $4, $5, $6, $7)",
);

export interface EndedRow {
  readonly id: SessionId;
  readonly device_name: string | null;
  readonly device_kind: string;
}

/** A token older than the overlap allows came back: whoever holds the session, it ends. */
export const endReused = statement<EndedRow>(
  "sessions.end_reused",
  `update auth.sessions set ended_at = $4, ended_because = 'refresh_token_reused'
    where account_id = $1 and id = $2 and ended_at is null and counter > $3 and expires_at > $4
   returning id, device_name, device_kind`,
);

/** One whose end is owed is over already. */
export const endOne = statement<EndedRow>(
  "sessions.end_one",
  `update auth.sessions set ended_at = $3, ended_because = $4
    where account_id = $1 and id = $2 and ended_at is null
      and not exists (select from auth.endings_owed where account_id = $1 and session_id = $2)
   returning id, device_name, device_kind`,
);

export const endOthers = statement<EndedRow>(
  "sessions.end_others",
  `update auth.sessions set ended_at = $3, ended_because = $4
    where account_id = $1 and id <> $2 and ended_at is null
   returning id, device_name, device_kind`,
);

export const endAll = statement<EndedRow>(
  "sessions.end_all",
  `update auth.sessions set ended_at = $2, ended_because = $3
    where account_id = $1 and ended_at is null
   returning id, device_name, device_kind`,
);

export const endByDoor = statement<EndedRow>(
  "sessions.end_by_door",
  `update auth.sessions set ended_at = $3, ended_because = $4
    where account_id = $1 and door = $2 and ended_at is null
   returning id, device_name, device_kind`,
);

export interface SessionRow {
  readonly id: SessionId;
  readonly created_at: Date;
  readonly authenticated_at: Date;
  readonly last_used_at: Date;
  readonly expires_at: Date;
  readonly region: RegionCode;
  readonly age_ceiling: AgeCeiling | null;
  readonly door: string;
  readonly device_kind: DeviceKind;
  readonly device_name: string | null;
  readonly address: string | null;
  readonly user_agent: string | null;
}

export type DeviceKind = "phone" | "tablet" | "computer" | "tv" | "other";

const SHOWN =
  "id, created_at, authenticated_at, last_used_at, expires_at, region, age_ceiling, door, device_kind, device_name, host(address) as address, user_agent";

export const findLive = statement<SessionRow>(
  "sessions.find_live",
  `select ${SHOWN} from auth.sessions
    where account_id = $1 and id = $2 and ended_at is null and expires_at > $3 and last_used_at > $4
      and not exists (select from auth.endings_owed where account_id = $1 and session_id = $2)`,
);

export const listLive = statement<SessionRow>(
  "sessions.list_live",
  `select ${SHOWN} from auth.sessions
    where account_id = $1 and ended_at is null and expires_at > $2 and last_used_at > $3
      and id not in (select session_id from auth.endings_owed where account_id = $1)
    order by last_used_at desc, id desc
    limit 200`,
);

export const renameDevice = statement<{ readonly id: SessionId }>(
  "sessions.rename_device",
  "update auth.sessions set device_name = $3 where account_id = $1 and id = $2 and ended_at is null returning id",
);

export const refreshProof = statement<{ readonly id: SessionId }>(
  "sessions.refresh_proof",
  "update auth.sessions set authenticated_at = $3 where account_id = $1 and id = $2 and ended_at is null returning id",
);

export const moveSessions = statement<never>(
  "sessions.move",
  "update auth.sessions set region = $2 where account_id = $1",
);

export const eraseSessions = statement<never>(
  "sessions.erase",
  "delete from auth.sessions where account_id = $1",
);

export interface StretchRow {
  readonly account_id: AccountId;
  readonly id: SessionId;
  readonly is_over: boolean;
}

/**
 * The next of all sessions by key. Nothing that changes has an index (a refresh must stay on its page), so those that are
 * over are found by walking: a stretch at a time, however many there are. $3: over before, $4: unused since, $5: how many.
 */
export const stretch = statement<StretchRow>(
  "sessions.stretch",
  `select account_id, id, coalesce(ended_at < $3 or expires_at < $3 or last_used_at < $4, false) as is_over
     from auth.sessions where (account_id, id) > ($1, $2) order by account_id, id limit $5`,
);

/** By key; over is over, nothing brings a session back. */
export const remove = statement<never>(
  "sessions.remove",
  `delete from auth.sessions as session using unnest($1::uuid[], $2::uuid[]) as gone (account_id, id)
    where session.account_id = gone.account_id and session.id = gone.id`,
);
