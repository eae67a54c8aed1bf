/**
 * Linking and unlinking in the personal cabinet. A link is begun by a fresh sign-in and bound to that session and its
 * account; it is made only if both still hold when the person is back, and never for whoever happens to be signed in
 * then (ASVS 7.5.1). Unlinking counts the ways in that would be left, under the lock on the account.
 */
import type { Transaction } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import { type AccountRow, type Accounts, isGone } from "../accounts/accounts.ts";
import type { Acting } from "../accounts/acting.ts";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Directory } from "../directory/directory.ts";
import { type Client, type Device, deviceOf } from "../http/client.ts";
import type { AccountId, SessionId } from "../ids.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import { whereOf } from "../mail/where.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { Ending, Flow, Handover } from "./flow.ts";
import { provesChallenge } from "./flows.ts";
import { readProfile } from "./kept-tokens.ts";
import { MOST_LINKS, type SocialAccountId, type SocialAccountRow, type SocialLinks } from "./links.ts";
import type { OneUse } from "./one-use.ts";
import type { Profile, Provider, ProviderName } from "./providers/provider.ts";
import { refuse } from "./refusals.ts";
import type { Revoker } from "./revoker.ts";
import { doorOf, failed, identityOf } from "./sign-in.ts";

interface Dependencies {
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly links: SocialLinks;
  readonly codes: OneUse<Handover>;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly mail: MailQueue;
  readonly revoker: Revoker;
  readonly providers: ReadonlyMap<ProviderName, Provider>;
}

/** Whose link is made, and out of which session. */
interface Claimant {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
}

type Outcome = "linked" | "linked_elsewhere" | "too_many_links" | "session_over" | "account_disabled";

const WAYS_TO_STAY = ["set_password", "link_another"] as const;

export class SocialLinking {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Back from the provider: links at once where the browser is the one that began, else hands a code to its client. */
  @trace("social.arrive_to_link")
  async arrive(flow: Flow, profile: Profile, client: Client): Promise<Ending> {
    const { purpose, provider, challenge } = flow;
    if (purpose.kind !== "link") throw new Error("this flow is not for linking");
    const { accountId, sessionId } = purpose;
    if (challenge !== null) {
      const handover = { kind: "link", accountId, sessionId, provider, profile, challenge } as const;
      return { parameter: "code", value: await this.#given.codes.issue(handover) };
    }
    const outcome = await this.#link({ accountId, sessionId }, provider, profile, client);
    return outcome === "linked" ? { parameter: "linked", value: provider } : failed(outcome);
  }

  /** The client that began finishes it, with its session and its verifier. */
  @trace("social.confirm_link")
  async confirm({ member, client }: Acting, provider: string, code: string, verifier: string): Promise<void> {
    const handover = await this.#given.codes.take(code);
    const isTheirs =
      handover?.kind === "link" &&
      handover.provider === provider &&
      handover.accountId === member.accountId &&
      handover.sessionId === member.sessionId &&
      provesChallenge(handover.challenge, verifier);
    if (!isTheirs) throw refuse.social_code_invalid();
    const outcome = await this.#link(member, handover.provider, readProfile(handover.profile), client);
    if (outcome === "linked_elsewhere") throw refuse.linked_elsewhere();
    if (outcome === "too_many_links") throw refuse.too_many_links();
    if (outcome !== "linked") throw refuse.social_code_invalid();
  }

  async #link(
    { accountId, sessionId }: Claimant,
    provider: ProviderName,
    profile: Profile,
    client: Client,
  ): Promise<Outcome> {
    const { accounts, sessions } = this.#given;
    try {
      return await accounts.underLock(accountId, async (tx, account) => {
        // Asked under the lock: a recovery that ends a thief's sessions must not be overtaken by the thief's link.
        if ((await sessions.find(accountId, sessionId, tx)) === undefined) return "session_over";
        if (account.status !== "active") return "account_disabled";
        return await this.#linkUnderLock(tx, account, sessionId, provider, profile, client);
      });
    } catch (error) {
      if (isGone(error)) return "session_over";
      throw error;
    }
  }

  async #linkUnderLock(
    tx: Transaction,
    account: AccountRow,
    sessionId: SessionId,
    provider: ProviderName,
    profile: Profile,
    client: Client,
  ): Promise<Outcome> {
    const { audit, clock, directory, links } = this.#given;
    const { id } = account;
    const rows = await links.list(id, tx);
    const own = rows.find((row) => row.provider === provider && row.subject === profile.subject);
    if (own !== undefined) {
      await links.renew(tx, id, own, profile);
      if (own.paused_at === null) return "linked";
      await links.resume(tx, id, own.id);
    } else {
      if (rows.length >= MOST_LINKS) return "too_many_links";
      const identity = identityOf(provider, profile);
      if (!(await directory.claim(tx, identity, account, clock.now()))) return "linked_elsewhere";
      await links.add(tx, id, provider, profile);
    }
    const actor: Actor = { kind: "account", id, sessionId, address: client.address };
    await audit.record(tx, { action: "social.linked", accountId: id, actor, details: { provider } });
    await this.#tell(tx, account, "social_linked", provider, client, deviceOf(undefined, client));
    return "linked";
  }

  /** Refuses `social_account_not_found`; `last_way_in` where nothing usable would be left, with what to do first. */
  @trace("social.unlink")
  async unlink({ member, actor, client, device }: Acting, linkId: SocialAccountId): Promise<void> {
    const { accounts, links, revoker } = this.#given;
    await accounts.underLock(member.accountId, async (tx, account) => {
      const rows = await links.list(account.id, tx);
      const row = rows.find(({ id }) => id === linkId);
      if (row === undefined) throw refuse.social_account_not_found();
      const others = rows.filter(({ id }) => id !== linkId);
      if (!this.hasAnotherWay(account, others))
        throw refuse.last_way_in({ members: { do_first: WAYS_TO_STAY } });
      await this.remove(tx, account, row, actor);
      await this.#tell(tx, account, "social_unlinked", row.provider, client, device);
    });
    revoker.kick();
  }

  /** Whether one could still sign in: a password that works, or a link whose provider is on. */
  hasAnotherWay(account: AccountRow, others: readonly SocialAccountRow[]): boolean {
    const byPassword = account.password_hash !== null && account.email !== null;
    return (
      byPassword || others.some((row) => row.paused_at === null && this.#given.providers.has(row.provider))
    );
  }

  /** Takes a link away together with the identity and the sessions it opened. The account is locked by the caller. */
  async remove(tx: Transaction, account: AccountRow, row: SocialAccountRow, actor: Actor): Promise<void> {
    const { audit, directory, links, sessions } = this.#given;
    const { id } = account;
    const { provider } = row;
    await links.remove(tx, id, row);
    await directory.release(tx, identityOf(provider, row), id);
    await sessions.endByDoor(tx, id, doorOf(provider), actor, "social_unlinked");
    await audit.record(tx, { action: "social.unlinked", accountId: id, actor, details: { provider } });
  }

  async #tell(
    tx: Transaction,
    { email, locale }: AccountRow,
    letter: "social_linked" | "social_unlinked",
    provider: ProviderName,
    client: Client,
    device: Device,
  ): Promise<void> {
    if (email === null) return;
    const values = { provider, ...whereOf(client, device) };
    await this.#given.mail.enqueue(tx, { letter, to: email, language: locale, values });
  }
}
