/**
 * Social accounts as rows: (provider, subject) linked to an account. Identity is this pair, never the e-mail. Whoever
 * changes them holds the lock on the account's row; who owns a pair is decided by the directory.
 */
import type { Database, Transaction } from "@kinopass/postgres";
import type { Keeper } from "../accounts/keepers.ts";
import type { Clock } from "../clock.ts";
import type { Identifier } from "../directory/directory.ts";
import { type AccountId, newId } from "../ids.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import type { Secrets } from "../secrets.ts";
import { readTokens } from "./kept-tokens.ts";
import type { KeptTokens, Profile, ProviderName } from "./providers/provider.ts";
import { mergeTokens } from "./providers/token-answer.ts";
import type { SocialAccountId, SocialAccountRow } from "./queries.ts";
import * as queries from "./queries.ts";
import type { Revoker } from "./revoker.ts";

export type { SocialAccountId, SocialAccountRow } from "./queries.ts";

/** More than there are providers: several accounts of one may be linked. */
export const MOST_LINKS = 20;

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly mail: MailQueue;
  readonly revoker: Revoker;
}

export class SocialLinks implements Keeper {
  readonly name = "social_accounts";
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Oldest first. */
  async list(accountId: AccountId, on: Database = this.#given.db): Promise<readonly SocialAccountRow[]> {
    return (await queries.listOf(on, accountId)).rows;
  }

  /** The row of an identity, where this account has it. */
  async find(
    on: Database,
    accountId: AccountId,
    { provider, subject }: { readonly provider: ProviderName; readonly subject: string },
  ): Promise<SocialAccountRow | undefined> {
    return (await this.list(accountId, on)).find(
      (row) => row.provider === provider && row.subject === subject,
    );
  }

  async add(tx: Transaction, accountId: AccountId, provider: ProviderName, profile: Profile): Promise<void> {
    const now = this.#given.clock.now();
    const id = newId<"social_account">(now);
    const { subject, name = null, avatarUrl = null, tokensForUnlink } = profile;
    const sealed = tokensForUnlink === undefined ? null : this.#seal(accountId, id, tokensForUnlink);
    await queries.insert(tx, accountId, id, provider, subject, name, avatarUrl, now, sealed);
  }

  /** The person came by it again: what the provider tells now replaces what it told before. */
  async renew(tx: Transaction, accountId: AccountId, row: SocialAccountRow, profile: Profile): Promise<void> {
    const { name, avatarUrl, tokensForUnlink } = profile;
    const before = this.tokensOf(accountId, row);
    // A second consent may bring fewer tokens (Google gives its refresh token once): what was there stays good.
    const tokens = tokensForUnlink === undefined ? undefined : mergeTokens(before ?? {}, tokensForUnlink);
    await queries.touch(
      tx,
      accountId,
      row.id,
      this.#given.clock.now(),
      name ?? row.display_name,
      avatarUrl ?? row.avatar_url,
      tokens === undefined ? null : this.#seal(accountId, row.id, tokens),
    );
  }

  async resume(tx: Transaction, accountId: AccountId, id: SocialAccountId): Promise<void> {
    await queries.resume(tx, accountId, id);
  }

  /** The person took our permission back at the provider: the tokens are dead. */
  async forgetTokens(tx: Transaction, accountId: AccountId, id: SocialAccountId): Promise<void> {
    await queries.forgetTokens(tx, accountId, id);
  }

  /** Takes the row away and puts its tokens on the list of those to be revoked. */
  async remove(tx: Transaction, accountId: AccountId, row: SocialAccountRow): Promise<void> {
    await queries.remove(tx, accountId, row.id);
    await this.#revokeLater(tx, accountId, row);
  }

  tokensOf(accountId: AccountId, { id, sealed_tokens: sealed }: SocialAccountRow): KeptTokens | undefined {
    const opened =
      sealed === null ? undefined : this.#given.secrets.open(sealed, contextOfTokens(accountId, id));
    return opened === undefined ? undefined : readTokens(opened.toString("utf8"));
  }

  async export(accountId: AccountId): Promise<unknown> {
    return (await this.list(accountId)).map((row) => ({
      provider: row.provider,
      subject: row.subject,
      display_name: row.display_name,
      avatar_url: row.avatar_url,
      created_at: row.created_at.toISOString(),
      last_used_at: row.last_used_at.toISOString(),
    }));
  }

  async identifiers(tx: Transaction, accountId: AccountId): Promise<readonly Identifier[]> {
    const rows = await this.list(accountId, tx);
    return rows.map(({ provider, subject }) => ({ kind: "social", provider, subject }));
  }

  /**
   * Somebody recovered the account by its mailbox, perhaps from a thief who linked a social account of their own. Every
   * link stops being a way in until the owner links it anew, and they are told which there are.
   */
  async recover(tx: Transaction, accountId: AccountId): Promise<void> {
    const { clock, mail } = this.#given;
    const { rows } = await queries.pauseAll(tx, accountId, clock.now());
    const owner = (await queries.mailboxOf(tx, accountId)).rows[0];
    if (rows.length === 0 || owner?.email == null) return;
    const providers = [...new Set(rows.map(({ provider }) => provider))].sort().join(",");
    await mail.enqueue(tx, {
      letter: "social_paused",
      to: owner.email,
      language: owner.locale,
      values: { providers },
    });
  }

  async erase(tx: Transaction, accountId: AccountId): Promise<void> {
    const { rows } = await queries.eraseAll(tx, accountId);
    for (const row of rows) await this.#revokeLater(tx, accountId, row);
  }

  async #revokeLater(tx: Transaction, accountId: AccountId, row: SocialAccountRow): Promise<void> {
    const tokens = this.tokensOf(accountId, row);
    if (tokens !== undefined) await this.#given.revoker.enqueue(tx, row.provider, tokens);
  }

  #seal(accountId: AccountId, id: SocialAccountId, tokens: KeptTokens): Buffer {
    return this.#given.secrets.seal(JSON.stringify(tokens), contextOfTokens(accountId, id));
  }
}

/** Binds sealed tokens to their row. */
export function contextOfTokens(accountId: AccountId, id: SocialAccountId): string {
  return `social_account/${accountId}/${id}`;
}
