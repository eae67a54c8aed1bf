/**
 * The doors of the social networks. Who somebody is, is (provider, subject) alone. A new person gets an account; an
 * address that the provider's rule confirms (docs/decisions/0008) comes with it, unless it is known already: then the
 * person signs in as they did before and links. Nothing is ever merged. The session is opened when the client
 * exchanges its code, so that no token ever stands in an address.
 */
import { AppError } from "@kinopass/http";
import type { PostgresDatabase } from "@kinopass/postgres";
import { annotate, trace } from "@kinopass/tracing";
import { type AccountRow, type Accounts, isGone, refuse as refuseAccount } from "../accounts/accounts.ts";
import type { Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { AccountRef, Directory, Identifier } from "../directory/directory.ts";
import type { History } from "../history/history.ts";
import { type Client, type Device, deviceOf } from "../http/client.ts";
import type { AccountId } from "../ids.ts";
import type { NewDeviceNotice } from "../passwords/sign-in.ts";
import {
  type Door,
  type Opened,
  refuse as refuseSession,
  type Sessions,
  type Tokens,
} from "../sessions/sessions.ts";
import type { Ending, Flow, Handover } from "./flow.ts";
import { provesChallenge } from "./flows.ts";
import type { SocialLinks } from "./links.ts";
import type { OneUse } from "./one-use.ts";
import { personOf } from "./person.ts";
import type { Profile, ProviderName } from "./providers/provider.ts";
import { type FlowError, refuse } from "./refusals.ts";

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly accounts: Accounts;
  readonly directory: Directory;
  readonly links: SocialLinks;
  readonly codes: OneUse<Handover>;
  readonly sessions: Sessions;
  readonly history: History;
  readonly newDevices: NewDeviceNotice;
  readonly audit: Audit;
}

/** Somebody else claimed, unlinked or erased it between two statements: look again. */
const LOOK_AGAIN = Symbol("look again");
const MOST_LOOKS = 4;

export class SocialSignIn {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** The person is known to us from here on; the answer is a code for whoever began. */
  @trace("social.arrive")
  async arrive(flow: Flow, profile: Profile, client: Client): Promise<Ending> {
    const identity = identityOf(flow.provider, profile);
    for (let look = 1; look <= MOST_LOOKS; look += 1) {
      const owner = await this.#given.directory.find(identity);
      const ending =
        owner === undefined
          ? await this.#welcome(flow, profile, client)
          : await this.#recognise(owner, flow, profile, client);
      if (ending !== LOOK_AGAIN) return ending;
    }
    return failed("try_again");
  }

  /** Account, identity, link and code, or nothing of them: there is no half-made account. */
  async #welcome(flow: Flow, profile: Profile, client: Client): Promise<Ending | typeof LOOK_AGAIN> {
    const { accounts, audit, clock, codes, db, directory, links } = this.#given;
    const { provider } = flow;
    const lost = new Error("somebody claimed the identity first");
    try {
      return await db.transaction(async (tx) => {
        const { address } = client;
        const person = { ...personOf(profile, flow.language), address };
        const account = await accounts.createConfirmed(person, tx);
        const identity = identityOf(provider, profile);
        if (!(await directory.claim(tx, identity, account, clock.now()))) throw lost;
        await links.add(tx, account.id, provider, profile);
        const actor = { kind: "account", id: account.id, address } as const;
        await audit.record(tx, {
          action: "social.linked",
          accountId: account.id,
          actor,
          details: { provider },
        });
        return handedOver(await codes.issue(handoverOf(flow, profile, account.id, true), tx));
      });
    } catch (error) {
      if (error === lost) return LOOK_AGAIN;
      if (!(error instanceof AppError) || error.code !== refuseAccount.email_taken.code) throw error;
      // The address may be taken by this very person, who signs in in two tabs at once.
      const isTheirs = (await directory.find(identityOf(provider, profile))) !== undefined;
      return isTheirs ? LOOK_AGAIN : failed("account_exists");
    }
  }

  async #recognise(
    { id }: AccountRef,
    flow: Flow,
    profile: Profile,
    client: Client,
  ): Promise<Ending | typeof LOOK_AGAIN> {
    const { accounts, codes, links } = this.#given;
    annotate({ "kinopass.account_id": id });
    try {
      return await accounts.underLock(id, async (tx, account) => {
        const link = await links.find(tx, id, { provider: flow.provider, subject: profile.subject });
        if (link === undefined) return LOOK_AGAIN;
        if (account.status !== "active") {
          this.#note(account, null, flow.provider, deviceOf(undefined, client), client);
          return failed("account_disabled");
        }
        if (link.paused_at !== null) return failed("link_paused");
        await links.renew(tx, id, link, profile);
        return handedOver(await codes.issue(handoverOf(flow, profile, id, false), tx));
      });
    } catch (error) {
      if (isGone(error)) return LOOK_AGAIN;
      throw error;
    }
  }

  /** Refuses `social_code_invalid` (wrong, used, late, not this client's), `account_disabled`. */
  @trace("social.exchange")
  async exchange(
    code: string,
    verifier: string | undefined,
    client: Client,
    device: Device,
  ): Promise<Tokens> {
    const handover = await this.#given.codes.take(code);
    if (handover?.kind !== "sign_in" || !provesChallenge(handover.challenge, verifier))
      throw refuse.social_code_invalid();
    const { accountId, isNew, provider } = handover;
    const { account, tokens } = await this.#open(handover, client, device);
    this.#note(account, tokens.sessionId, provider, device, client);
    if (!isNew && tokens.isNewDevice) this.#given.newDevices.tell(account, device, client);
    annotate({ "kinopass.account_id": accountId });
    return tokens;
  }

  /** What was true at the callback must still be: an account may be disabled, a link taken away, within a minute. */
  async #open(
    { accountId, provider, subject }: Extract<Handover, { kind: "sign_in" }>,
    client: Client,
    device: Device,
  ): Promise<{ account: AccountRow; tokens: Opened }> {
    const { accounts, links, sessions } = this.#given;
    try {
      return await accounts.underLock(accountId, async (tx, account) => {
        const link = await links.find(tx, accountId, { provider, subject });
        if (link === undefined || link.paused_at !== null) throw refuse.social_code_invalid();
        if (account.status !== "active") throw refuseSession.account_disabled();
        const { roles, birth_date: birthDate } = account;
        const door = doorOf(provider);
        const tokens = await sessions.open({ account, roles, birthDate, door, client, device }, tx);
        return { account, tokens };
      });
    } catch (error) {
      if (isGone(error)) throw refuse.social_code_invalid();
      throw error;
    }
  }

  #note(
    account: AccountRow,
    sessionId: Tokens["sessionId"] | null,
    provider: ProviderName,
    device: Device,
    client: Client,
  ): void {
    const outcome = sessionId === null ? "account_disabled" : "signed_in";
    this.#given.history.record({ account, sessionId, outcome, door: doorOf(provider), device, client });
  }
}

export function identityOf(provider: ProviderName, { subject }: Pick<Profile, "subject">): Identifier {
  return { kind: "social", provider, subject };
}

export function doorOf(provider: ProviderName): Door {
  return `social:${provider}`;
}

export function failed(value: FlowError): Ending {
  return { parameter: "error", value };
}

function handedOver(code: string): Ending {
  return { parameter: "code", value: code };
}

function handoverOf(flow: Flow, { subject }: Profile, accountId: AccountId, isNew: boolean): Handover {
  return { kind: "sign_in", accountId, provider: flow.provider, subject, isNew, challenge: flow.challenge };
}
