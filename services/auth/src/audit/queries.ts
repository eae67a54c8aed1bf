import { statement } from "@kinopass/postgres";

export const insertEntry = statement<never>(
  "audit.insert",
  `insert into auth.audit_entries
     (account_id, id, occurred_at, action, actor_kind, actor_id, session_id, address, request_id, details)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
);

export interface AuditRow {
  readonly id: string;
  readonly occurred_at: Date;
  readonly action: string;
  readonly actor_kind: string;
  readonly actor_id: string | null;
  readonly address: string | null;
  readonly request_id: string | null;
  readonly details: Record<string, unknown>;
}

export const entriesOf = statement<AuditRow>(
  "audit.entries_of",
  `select id, occurred_at, action, actor_kind, actor_id, host(address) as address, request_id, details
     from auth.audit_entries where account_id = $1 order by id desc limit $2`,
);

export const eraseEntries = statement<never>(
  "audit.erase",
  "delete from auth.audit_entries where account_id = $1",
);

export interface StretchRow {
  readonly account_id: string;
  readonly id: string;
  readonly is_old: boolean;
}

/** The next of all entries by key; an index by age would cost each of them a write. $3: old before, $4: how many. */
export const stretch = statement<StretchRow>(
  "audit.stretch",
  `select account_id, id, occurred_at < $3 as is_old
     from auth.audit_entries where (account_id, id) > ($1, $2) order by account_id, id limit $4`,
);

export const removeEntries = statement<never>(
  "audit.remove",
  `delete from auth.audit_entries as entry using unnest($1::uuid[], $2::uuid[]) as gone (account_id, id)
    where entry.account_id = gone.account_id and entry.id = gone.id`,
);
