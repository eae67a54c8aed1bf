import { statement } from "@kinopass/postgres";

interface Still {
  readonly id: string;
}

/**
 * Whether the password that was verified a moment ago is still the one: hashing takes place outside any
 * transaction, and a change in between must win. The lock makes a change that comes now wait for the
 * session, which it then ends like every other.
 */
export const isStill = statement<Still>(
  "passwords.is_still",
  `select id from auth.accounts
    where id = $1 and region = $2 and password_hash = $3 and status = 'active' for share`,
);

/** The same, and the hash is replaced by one of the current cost. */
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
