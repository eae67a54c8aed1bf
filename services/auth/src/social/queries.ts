import type { Language } from "@kinopass/http";
import { statement } from "@kinopass/postgres";
import type { EmailAddress } from "../directory/email-address.ts";
import type { AccountId, Id } from "../ids.ts";
import type { ProviderName } from "./providers/provider.ts";

export type SocialAccountId = Id<"social_account">;

export interface SocialAccountRow {
  readonly id: SocialAccountId;
  readonly provider: ProviderName;
  readonly subject: string;
  readonly display_name: string | null;
  readonly avatar_url: string | null;
  readonly created_at: Date;
  readonly last_used_at: Date;
  /** Since a recovery by mailbox, until the owner links it anew. */
  readonly paused_at: Date | null;
  readonly sealed_tokens: Buffer | null;
}

const SHOWN =
  "id, provider, subject, display_name, avatar_url, created_at, last_used_at, paused_at, sealed_tokens";

/** Bounded by MOST_LINKS; the account is given, so one partition is read. */
export const listOf = statement<SocialAccountRow>(
  "social.list",
  `select ${SHOWN} from auth.social_accounts where account_id = $1 order by created_at, id`,
);

export const insert = statement<never>(
  "social.insert",
  `insert into auth.social_accounts
     (account_id, id, provider, subject, display_name, avatar_url, created_at, last_used_at, sealed_tokens)
   values ($1, $2, $3, $4, $5, $6, $7, $7, $8)`,
);

/** $6 null keeps the tokens that are there. */
export const touch = statement<never>(
  "social.touch",
  `update auth.social_accounts
      set last_used_at = $3, display_name = $4, avatar_url = $5, sealed_tokens = coalesce($6, sealed_tokens)
    where account_id = $1 and id = $2`,
);

export const resume = statement<never>(
  "social.resume",
  "update auth.social_accounts set paused_at = null where account_id = $1 and id = $2",
);

export const pauseAll = statement<{ readonly provider: ProviderName }>(
  "social.pause_all",
  `update auth.social_accounts set paused_at = $2 where account_id = $1 and paused_at is null returning provider`,
);

export const forgetTokens = statement<never>(
  "social.forget_tokens",
  "update auth.social_accounts set sealed_tokens = null where account_id = $1 and id = $2",
);

export interface SealedTokensRow {
  readonly account_id: AccountId;
  readonly id: SocialAccountId;
  readonly sealed_tokens: Buffer | null;
}

/** A page of every link, by key: bounded however few are sealed with an old key. */
export const sealedAfter = statement<SealedTokensRow>(
  "social.sealed_after",
  `select account_id, id, sealed_tokens from auth.social_accounts
    where (account_id, id) > ($1, $2) order by account_id, id limit $3`,
);

/** $3 was read, $4 replaces it: tokens that were renewed in between stay. */
export const resealTokens = statement<never>(
  "social.reseal_tokens",
  `update auth.social_accounts link set sealed_tokens = pair.anew
     from unnest($1::uuid[], $2::uuid[], $3::bytea[], $4::bytea[]) as pair (account_id, id, was, anew)
    where link.account_id = pair.account_id and link.id = pair.id and link.sealed_tokens = pair.was`,
);

export const remove = statement<never>(
  "social.remove",
  "delete from auth.social_accounts where account_id = $1 and id = $2",
);

export const eraseAll = statement<SocialAccountRow>(
  "social.erase",
  `delete from auth.social_accounts where account_id = $1 returning ${SHOWN}`,
);

/** Rare enough to look into every region's leaf by key. */
export const mailboxOf = statement<{ readonly email: EmailAddress | null; readonly locale: Language }>(
  "social.mailbox_of",
  "select email, locale from auth.accounts where id = $1",
);

export const keepSecret = statement<never>(
  "social.keep_secret",
  "insert into auth.social_flows (secret_hash, kind, expires_at, sealed) values ($1, $2, $3, $4)",
);

/** Whoever deletes the row has it: of any number of replays at once, one. */
export const takeSecret = statement<{ readonly expires_at: Date; readonly sealed: Buffer }>(
  "social.take_secret",
  "delete from auth.social_flows where secret_hash = $1 and kind = $2 returning expires_at, sealed",
);

export const purgeSecrets = statement<never>(
  "social.purge_secrets",
  `delete from auth.social_flows where secret_hash in (select secret_hash from auth.social_flows where expires_at < $1 limit $2)`,
);

export const enqueueRevocation = statement<never>(
  "social.enqueue_revocation",
  "insert into auth.social_revocations (id, provider, not_before, sealed) values ($1, $2, $3, $4)",
);

export interface RevocationRow {
  readonly id: string;
  readonly provider: ProviderName;
  /** This try included. */
  readonly attempts: number;
  readonly sealed: Buffer;
}

/** A lease, not a lock: nothing stays locked while the provider is asked, and no two replicas ask at once. */
export const claimRevocations = statement<RevocationRow>(
  "social.claim_revocations",
  `update auth.social_revocations set attempts = attempts + 1, not_before = $2
    where id in (select id from auth.social_revocations where not_before <= $1
                  order by not_before limit $3 for update skip locked)
   returning id, provider, attempts, sealed`,
);

/** What waits to be taken back: rarely more than a few, a day's at most. */
export const waitingRevocations = statement<Pick<RevocationRow, "id" | "sealed">>(
  "social.waiting_revocations",
  "select id, sealed from auth.social_revocations where id > $1 order by id limit $2",
);

export const resealRevocation = statement<never>(
  "social.reseal_revocation",
  "update auth.social_revocations set sealed = $3 where id = $1 and sealed = $2",
);

/** Tokens that were rotated on the way to being revoked. */
export const replaceRevocation = statement<never>(
  "social.replace_revocation",
  "update auth.social_revocations set sealed = $2 where id = $1",
);

export const postponeRevocation = statement<never>(
  "social.postpone_revocation",
  "update auth.social_revocations set not_before = $2 where id = $1",
);

export const removeRevocation = statement<never>(
  "social.remove_revocation",
  "delete from auth.social_revocations where id = $1",
);

export type DeletionOutcome = "nothing_held" | "link_deleted" | "account_deleted" | "kept_for_operator";

export const recordDeletion = statement<never>(
  "social.record_deletion",
  "insert into auth.social_deletions (code_hash, requested_at, outcome) values ($1, $2, $3)",
);

export const findDeletion = statement<{ readonly requested_at: Date; readonly outcome: DeletionOutcome }>(
  "social.find_deletion",
  "select requested_at, outcome from auth.social_deletions where code_hash = $1",
);
