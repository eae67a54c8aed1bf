/**
 * What Facebook tells us about people: that they removed our app, or want their data deleted
 * (docs/social/facebook.md). Signed with the app's secret, good for ever, and repeated by Facebook itself: so both are
 * idempotent, and neither touches a link that was made, or consented to again, after the notice was issued.
 *
 * Removing the app makes our token useless and ends what was opened by this door. The link stays: it may be the only
 * way in, and the person may come back by consenting again. Deleting takes the link, and the whole account where
 * Facebook was the only way into it: nobody could ever reach what is kept there.
 */
import { createHash, randomBytes } from "node:crypto";
import { AppError } from "@kinopass/http";
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import { type Accounts, isGone } from "../accounts/accounts.ts";
import type { Erasure } from "../accounts/erasure.ts";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { Directory } from "../directory/directory.ts";
import type { AccountId } from "../ids.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import type { Sessions } from "../sessions/sessions.ts";
import type { SocialLinking } from "./linking.ts";
import type { SocialLinks } from "./links.ts";
import { CLOCK_TOLERANCE_MS, readSignedRequest, type SignedRequest } from "./providers/signed-request.ts";
import * as queries from "./queries.ts";
import { refuse } from "./refusals.ts";
import type { Revoker } from "./revoker.ts";
import { doorOf, identityOf } from "./sign-in.ts";

export type { DeletionOutcome } from "./queries.ts";

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly erasure: Pick<Erasure, "erase">;
  readonly directory: Directory;
  readonly links: SocialLinks;
  readonly linking: SocialLinking;
  readonly sessions: Sessions;
  readonly audit: Audit;
  readonly mail: MailQueue;
  readonly revoker: Revoker;
  /** Absent where Facebook is off. */
  readonly appSecret: string | undefined;
}

const FACEBOOK = "facebook";
const ACTOR: Actor = { kind: "system" };
const CODE = /^[A-Za-z0-9_-]{22}$/;

export class FacebookNotices {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Refuses `provider_unknown` where Facebook is off, `signed_request_invalid`. Nobody we know is fine. */
  @trace("social.facebook_deauthorized")
  async deauthorized(signedRequest: unknown): Promise<void> {
    const { accounts, audit, links, mail, sessions } = this.#given;
    const notice = this.#read(signedRequest);
    const { subject } = notice;
    const owner = await this.#ownerOf(subject);
    if (owner === undefined) return;
    await unlessGone(
      accounts.underLock(owner, async (tx, { id, email, locale: language }) => {
        const row = await links.find(tx, id, { provider: FACEBOOK, subject });
        if (row === undefined || isFromBefore(notice, row.last_used_at)) return;
        await links.forgetTokens(tx, id, row.id);
        const ended = await sessions.endByDoor(tx, id, doorOf(FACEBOOK), ACTOR, "removed_at_provider");
        // Facebook repeats itself: what is done already is not told again.
        if (ended === 0 && row.sealed_tokens === null) return;
        const details = { provider: FACEBOOK };
        await audit.record(tx, {
          action: "social.removed_at_provider",
          accountId: id,
          actor: ACTOR,
          details,
        });
        if (email === null) return;
        await mail.enqueue(tx, { letter: "social_removed_there", to: email, language, values: details });
      }),
    );
  }

  /** The code by which the person finds out what became of it. The same refusals. */
  @trace("social.facebook_deletion")
  async deletionAsked(signedRequest: unknown): Promise<string> {
    const { clock, db } = this.#given;
    const notice = this.#read(signedRequest);
    const owner = await this.#ownerOf(notice.subject);
    const outcome = owner === undefined ? "nothing_held" : await this.#delete(owner, notice);
    const code = randomBytes(16).toString("base64url");
    await queries.recordDeletion(db, hashOf(code), clock.now(), outcome);
    return code;
  }

  async deletion(
    code: string,
  ): Promise<{ readonly outcome: queries.DeletionOutcome; readonly requestedAt: Date }> {
    const found = CODE.test(code)
      ? (await queries.findDeletion(this.#given.db, hashOf(code))).rows[0]
      : undefined;
    if (found === undefined) throw refuse.deletion_not_found();
    return { outcome: found.outcome, requestedAt: found.requested_at };
  }

  async #delete(owner: AccountId, notice: SignedRequest): Promise<queries.DeletionOutcome> {
    const { accounts, erasure, linking, links, revoker } = this.#given;
    const outcome = await unlessGone(
      accounts.underLock(owner, async (tx, account) => {
        const rows = await links.list(account.id, tx);
        const row = rows.find(
          (candidate) => candidate.provider === FACEBOOK && candidate.subject === notice.subject,
        );
        // A deletion that was carried out left no link: one that is younger is of a person who came back.
        if (row === undefined || isFromBefore(notice, row.created_at)) return "nothing_held" as const;
        const others = rows.filter(({ id }) => id !== row.id);
        if (!linking.hasAnotherWay(account, others)) return "only_way_in" as const;
        await linking.remove(tx, account, row, ACTOR);
        return "link_deleted" as const;
      }),
    );
    if (outcome === undefined) return "nothing_held";
    if (outcome !== "only_way_in") {
      revoker.kick();
      return outcome;
    }
    try {
      await erasure.erase(owner, ACTOR);
      revoker.kick();
      return "account_deleted";
    } catch (error) {
      // The last superuser cannot be erased by a stranger's request; an operator decides.
      if (error instanceof AppError && error.status < 500) return "kept_for_operator";
      throw error;
    }
  }

  #read(signedRequest: unknown): SignedRequest {
    const { appSecret, clock } = this.#given;
    if (appSecret === undefined) throw refuse.provider_unknown();
    const reading = readSignedRequest(signedRequest, appSecret, clock.now());
    if (reading.kind !== "genuine") throw refuse.signed_request_invalid();
    return reading.request;
  }

  async #ownerOf(subject: string): Promise<AccountId | undefined> {
    return (await this.#given.directory.find(identityOf(FACEBOOK, { subject })))?.id;
  }
}

function isFromBefore({ issuedAt }: SignedRequest, moment: Date): boolean {
  return issuedAt !== undefined && issuedAt.getTime() + CLOCK_TOLERANCE_MS < moment.getTime();
}

async function unlessGone<T>(work: Promise<T>): Promise<T | undefined> {
  try {
    return await work;
  } catch (error) {
    if (isGone(error)) return undefined;
    throw error;
  }
}

function hashOf(code: string): Buffer {
  return createHash("sha256").update(code).digest();
}
