import { statement } from "@kinopass/postgres";
import type { AccountId, SessionId } from "../ids.ts";

export const insertRevocation = statement<never>(
  "revocations.insert",
  `insert into auth.revocations (recorded_at, event, account_id, session_id, issued_before, because)
   select $1, $2, $3, session_id, $5, $6 from unnest($4::uuid[]) as session_id`,
);

export const insertAccountRevocation = statement<never>(
  "revocations.insert_account",
  `insert into auth.revocations (recorded_at, event, account_id, issued_before, because, claims)
   values ($1, $2, $3, $1, $4, $5::jsonb)`,
);

/** The oldest have the lowest ids: the scan ends at the first that stays. In batches, so that it stays below the timeout. */
export const purge = statement<never>(
  "revocations.purge",
  `delete from auth.revocations where recorded_at < $1
      and id in (select id from auth.revocations order by id limit $2)`,
);

/** The table holds a quarter of an hour. */
export const accountsEnded = statement<{ readonly account_id: AccountId }>(
  "revocations.accounts_ended",
  "select distinct account_id from auth.revocations where because = $1 limit $2",
);

export interface RevocationRow {
  /** A bigint, as PostgreSQL spells it. */
  readonly id: string;
  readonly recorded_at: Date;
  readonly event: RevocationEvent;
  readonly account_id: AccountId;
  readonly session_id: SessionId | null;
  readonly issued_before: Date | null;
  readonly because: string;
  /** The new values of claims that changed; null where something else ended the tokens. */
  readonly claims: ChangedClaims | null;
}

/** As tokens are told it from now on. One device's ceiling may be lower than its account's. */
export interface ChangedClaims {
  readonly roles?: readonly string[];
  readonly age_ceiling?: number;
}

/** What Auth writes. The table would take RISC's account-disabled and account-purged, whose sessions are told one by one instead. */
export type RevocationEvent = "session-revoked" | "credential-change" | "token-claims-change";

/** Of one statement: whoever is given as many asks again, behind the last. */
export const MOST_ROWS = 50_000;

/** $1 is an id below which everything is known; $2 the moment before which nothing matters any more. */
export const since = statement<RevocationRow>(
  "revocations.since",
  `select id, recorded_at, event, account_id, session_id, issued_before, because, claims
     from auth.revocations where id > $1 and recorded_at > $2 order by id limit ${MOST_ROWS}`,
);

export interface AckRow {
  readonly acked: string;
}

/** How far a polling receiver has come (RFC 8936 §2.2). It only ever moves forward. */
export const acknowledge = statement<AckRow>(
  "revocations.acknowledge",
  `insert into auth.revocation_receivers (service_id, acked, seen_at) values ($1, $2, $3)
   on conflict (service_id) do update
     set acked = greatest(revocation_receivers.acked, excluded.acked), seen_at = excluded.seen_at
   returning acked`,
);
