import { statement } from "@kinopass/postgres";

export interface CredentialRow {
  readonly id: string;
  readonly name: string;
  readonly secret_hash: Buffer;
  readonly scopes: readonly string[];
  readonly created_at: Date;
  readonly disabled_at: Date | null;
}

const SHOWN = "id, name, secret_hash, scopes, created_at, disabled_at";

export const findCredential = statement<CredentialRow>(
  "services.find",
  `select ${SHOWN} from auth.service_credentials where id = $1 and disabled_at is null`,
);

export const allCredentials = statement<CredentialRow>(
  "services.all",
  `select ${SHOWN} from auth.service_credentials order by created_at, id`,
);

export const insertCredential = statement<{ readonly id: string }>(
  "services.insert",
  `insert into auth.service_credentials (id, name, secret_hash, scopes, created_at) values ($1, $2, $3, $4, $5)
   on conflict (name) do nothing
   returning id`,
);

/** By id or by name: people remember the name. */
export const disableCredential = statement<{ readonly id: string; readonly name: string }>(
  "services.disable",
  `update auth.service_credentials set disabled_at = $2
    where (id = $1 or name = $1) and disabled_at is null
   returning id, name`,
);

export interface TokenState {
  readonly counter: number;
  readonly created_at: Date;
  readonly last_used_at: Date;
  readonly expires_at: Date;
  readonly status: "active" | "disabled" | null;
  /** Whether the roles or the age changed since $5: such a token tells an old story. */
  readonly outdated: boolean;
}

/** What decides whether a token still counts; $3: now, $4: idle limit, $5: when the token was issued. */
export const tokenState = statement<TokenState>(
  "introspection.token_state",
  `select session.counter, session.created_at, session.last_used_at, session.expires_at,
          (select status from auth.accounts where id = $1 and region = session.region) as status,
          exists (select from auth.revocations where account_id = $1 and issued_before > $5::timestamptz) as outdated
     from auth.sessions as session
    where session.account_id = $1 and session.id = $2 and session.ended_at is null
      and session.expires_at > $3 and session.last_used_at > $4
      and not exists (select from auth.endings_owed where account_id = $1 and session_id = $2)`,
);
