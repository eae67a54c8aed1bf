import type { PostgresDatabase } from "@kinopass/postgres";
import { annotate, trace } from "@kinopass/tracing";
import type { AccountRow } from "../accounts/accounts.ts";
import type { AccountRef } from "../directory/directory.ts";
import type { EmailAddress } from "../directory/email-address.ts";
import type { Client, Device } from "../http/client.ts";
import type { SessionId } from "../ids.ts";
import { type Door, refuse as refuseSession, type Sessions, type Tokens } from "../sessions/sessions.ts";
import type { Passwords } from "./passwords.ts";
import { demandBoundedPassword } from "./policy.ts";
import * as queries from "./queries.ts";
import { refuse } from "./refusals.ts";

/** Where tries to sign in are noted. Never waits, never throws. */
export interface SignInHistory {
  record(entry: {
    readonly account: AccountRef;
    readonly sessionId: SessionId | null;
    readonly outcome: "signed_in" | "wrong_password" | "account_disabled";
    readonly door: Door;
    readonly device: Device;
    readonly client: Client;
  }): void;
}

/** Tells an owner of a sign-in on a device not seen before, after the answer. */
export interface NewDeviceNotice {
  look(account: AccountRow, session: SessionId, device: Device, client: Client): void;
}

export interface Credentials {
  readonly email: EmailAddress;
  readonly password: string;
}

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly accounts: { findByEmail(address: EmailAddress): Promise<AccountRow | undefined> };
  readonly passwords: Passwords;
  readonly sessions: Sessions;
  readonly history: SignInHistory;
  readonly newDevices: NewDeviceNotice;
}

const CHANGED_MEANWHILE = Symbol("the password was changed while it was verified");

/** The password door. Whoever does not know the password learns nothing: not who exists, not who is disabled. */
export class PasswordSignIn {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Opens a session. Refuses `credentials_wrong`, `account_disabled`, `password_too_long`, `busy_try_again`. */
  @trace("passwords.sign_in")
  async signIn({ email, password }: Credentials, client: Client, device: Device): Promise<Tokens> {
    demandBoundedPassword(password);
    const { accounts, passwords, history, newDevices } = this.#given;
    const account = await accounts.findByEmail(email);
    const fits = await passwords.verify(account?.password_hash, password);
    if (account === undefined || account.password_hash === null) throw refuse.credentials_wrong();
    annotate({ "kinopass.account_id": account.id });
    const note = { account, door: "password", device, client } as const;
    if (!fits) {
      history.record({ ...note, sessionId: null, outcome: "wrong_password" });
      throw refuse.credentials_wrong();
    }
    if (account.status !== "active") {
      history.record({ ...note, sessionId: null, outcome: "account_disabled" });
      throw refuseSession.account_disabled();
    }
    const tokens = await this.#open(account, account.password_hash, password, client, device);
    history.record({ ...note, sessionId: tokens.sessionId, outcome: "signed_in" });
    newDevices.look(account, tokens.sessionId, device, client);
    return tokens;
  }

  async #open(
    account: AccountRow,
    hash: string,
    password: string,
    client: Client,
    device: Device,
  ): Promise<Tokens> {
    const { db, passwords, sessions } = this.#given;
    const better = passwords.isOutdated(hash) ? await passwords.hash(password) : undefined;
    const opened = await db.transaction(async (tx) => {
      const { rows } =
        better === undefined
          ? await queries.isStill(tx, account.id, account.region, hash)
          : await queries.upgrade(tx, account.id, account.region, hash, better);
      if (rows.length === 0) return CHANGED_MEANWHILE;
      const { roles, birth_date: birthDate } = account;
      return await sessions.openIn(tx, { account, roles, birthDate, door: "password", client, device });
    });
    if (opened === CHANGED_MEANWHILE) throw refuse.credentials_wrong();
    return opened;
  }
}
