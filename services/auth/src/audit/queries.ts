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
