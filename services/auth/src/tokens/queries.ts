import { statement } from "@kinopass/postgres";

export type KeyState = "next" | "current" | "previous" | "withdrawn";

export interface KeyRow {
  readonly kid: string;
  readonly state: KeyState;
  readonly public_jwk: Record<string, unknown>;
  readonly sealed_private: Buffer;
  readonly created_at: Date;
  readonly activated_at: Date | null;
  readonly retired_at: Date | null;
}

const COLUMNS = "kid, state, public_jwk, sealed_private, created_at, activated_at, retired_at";

export const liveKeys = statement<KeyRow>(
  "keys.live",
  `select ${COLUMNS} from auth.signing_keys where state <> 'withdrawn' order by created_at`,
);

export const allKeys = statement<KeyRow>(
  "keys.all",
  `select ${COLUMNS} from auth.signing_keys order by created_at`,
);

/** Rotations take turns; two operators at once must not make two current keys. */
export const lockKeys = statement<never>(
  "keys.lock",
  "select pg_advisory_xact_lock(hashtext('auth.signing_keys'))",
);

export const addKey = statement<never>(
  "keys.add",
  `insert into auth.signing_keys (kid, state, public_jwk, sealed_private, created_at, activated_at)
   values ($1, $2, $3, $4, $5, $6)`,
);

/** The one before the previous is gone: its last token ran out long ago. */
export const dropRetired = statement<never>(
  "keys.drop_retired",
  "delete from auth.signing_keys where state = 'previous' and retired_at < $1",
);

export const retireCurrent = statement<never>(
  "keys.retire_current",
  "update auth.signing_keys set state = 'previous', retired_at = $1 where state = 'current'",
);

export const promoteNext = statement<{ readonly kid: string }>(
  "keys.promote_next",
  "update auth.signing_keys set state = 'current', activated_at = $1 where state = 'next' returning kid",
);

export const reseal = statement<never>(
  "keys.reseal",
  "update auth.signing_keys set sealed_private = $2 where kid = $1",
);

export const withdraw = statement<{ readonly kid: string }>(
  "keys.withdraw",
  "update auth.signing_keys set state = 'withdrawn', retired_at = $2 where kid = $1 and state <> 'withdrawn' returning kid",
);
