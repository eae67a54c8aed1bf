import { statement } from "@kinopass/postgres";

interface Still {
  readonly id: string;
}

/** Replaces a hash of another cost, while it is the one that was verified a moment ago. Locks the account. */
export const upgrade = statement<Still>(
  "passwords.upgrade",
  `update auth.accounts set password_hash = $4
    where id = $1 and region = $2 and password_hash = $3 and status = 'active'
   returning id`,
);

export const setPassword = statement<never>(
  "passwords.set",
  `update auth.accounts set password_hash = $3, password_changed_at = $4, updated_at = $4
    where id = $1 and region = $2`,
);
