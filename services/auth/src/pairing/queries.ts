import { statement } from "@kinopass/postgres";
import type { Device } from "../http/client.ts";
import type { AccountId, SessionId } from "../ids.ts";
import type { AgeCeiling } from "../tokens/access-tokens.ts";

export type PairingState = "pending" | "approved" | "denied" | "redeemed";

/** No row where the user code is taken by another TV. */
export const begin = statement<{ readonly begun: true }>(
  "pairing.begin",
  `insert into auth.pairings
     (device_code_hash, user_code_hash, created_at, expires_at, poll_interval, device_kind, device_name, address, user_agent)
   values ($1, $2, $3, $4, $5, $6, $7, $8, $9)
   on conflict (user_code_hash) do nothing
   returning true as begun`,
);

export interface PolledRow {
  readonly state: PairingState;
  readonly expires_at: Date;
  /** Seconds. */
  readonly poll_interval: number;
  readonly too_soon: boolean;
  readonly account_id: AccountId | null;
  readonly redeemed_at: Date | null;
  readonly sealed: Buffer | null;
}

/**
 * Notes a poll and judges its pace in one statement. $3: ms of grace for the network; $4: seconds added to the
 * interval of an impatient TV (RFC 8628 §3.5), up to $5.
 */
export const poll = statement<PolledRow>(
  "pairing.poll",
  `with before as (
     select device_code_hash, poll_interval,
            coalesce(state = 'pending' and $2::timestamptz < last_polled_at
              + make_interval(secs => poll_interval) - make_interval(secs => $3::float8 / 1000), false) as too_soon
       from auth.pairings where device_code_hash = $1 for update
   )
   update auth.pairings p
      set last_polled_at = $2,
          poll_interval = case when before.too_soon then least(before.poll_interval + $4::int, $5::int) else before.poll_interval end
     from before where p.device_code_hash = before.device_code_hash
   returning p.state, p.expires_at, p.poll_interval, before.too_soon, p.account_id, p.redeemed_at, p.sealed`,
);

export interface PairingRow {
  readonly state: PairingState;
  readonly created_at: Date;
  readonly expires_at: Date;
  readonly device_kind: Device["kind"];
  readonly device_name: string | null;
  readonly address: string;
  readonly age_ceiling: AgeCeiling | null;
  readonly account_id: AccountId | null;
}

const SHOWN = `state, created_at, expires_at, device_kind, device_name, host(address) as address, age_ceiling, account_id`;

export const findLive = statement<PairingRow>(
  "pairing.find_live",
  `select ${SHOWN} from auth.pairings where user_code_hash = $1 and expires_at > $2`,
);

/** Of any number of people who decide at once, one finds the code pending. */
export const decide = statement<PairingRow>(
  "pairing.decide",
  `update auth.pairings
      set state = $3, account_id = $4, approver_session_id = $5, decided_at = $2,
          device_name = coalesce($6, device_name), age_ceiling = $7
    where user_code_hash = $1 and expires_at > $2 and state = 'pending'
   returning ${SHOWN}`,
);

export interface RedeemedRow extends PairingRow {
  readonly approver_session_id: SessionId;
}

/** Of any number of polls at once, one finds the code approved. */
export const redeem = statement<RedeemedRow>(
  "pairing.redeem",
  `update auth.pairings set state = 'redeemed', redeemed_at = $2
    where device_code_hash = $1 and expires_at > $2 and state = 'approved' and account_id = $3
   returning ${SHOWN}, approver_session_id`,
);

/**
 * Whether the session that said yes still lives. The lock makes an ending that comes now wait until the TV's session
 * is there, too.
 */
export const approverLives = statement<{ readonly lives: true }>(
  "pairing.approver_lives",
  `select true as lives from auth.sessions
    where account_id = $1 and id = $2 and ended_at is null and expires_at > $3 for share`,
);

export const keepAnswer = statement<never>(
  "pairing.keep_answer",
  "update auth.pairings set sealed = $2 where device_code_hash = $1",
);

export const refuseApproved = statement<never>(
  "pairing.refuse_approved",
  "update auth.pairings set state = 'denied' where device_code_hash = $1 and state = 'approved'",
);

export const forgetAnswers = statement<never>(
  "pairing.forget_answers",
  "update auth.pairings set sealed = null where sealed is not null and redeemed_at < $1",
);

/** In batches, so that each statement stays below the timeout. */
export const purge = statement<never>(
  "pairing.purge",
  `delete from auth.pairings where device_code_hash in (
     select device_code_hash from auth.pairings where expires_at <= $1 limit $2)`,
);

export const erase = statement<never>("pairing.erase", "delete from auth.pairings where account_id = $1");
