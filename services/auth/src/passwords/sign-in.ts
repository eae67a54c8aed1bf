import type { PostgresDatabase } from "@kinopass/postgres";
import { annotate, trace } from "@kinopass/tracing";
import type { AccountRow } from "../accounts/accounts.ts";
import type { AccountRef } from "../directory/directory.ts";
import type { EmailAddress } from "../directory/email-address.ts";
import type { Client, Device } from "../http/client.ts";
import type { SessionId } from "../ids.ts";
import {
  type Door,
  type Opened,
  refuse as refuseSession,
  type Sessions,
  type Tokens,
} from "../sessions/sessions.ts";
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
  tell(account: AccountRow, device: Device, client: Client): void;
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

type Verified = AccountRow & { readonly password_hash: string };

/** The account moved, or its hash was renewed or changed, while the password was verified: it is verified anew. */
const CHANGED_MEANWHILE = Symbol("changed meanwhile");
const MOST_ATTEMPTS = 4;

/** The password door. Whoever does not know the password learns nothing: not who exists, not who is disabled. */
export class PasswordSignIn {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** Opens a session. Refuses `credentials_wrong`, `account_disabled`, `password_too_long`, `busy_try_again`. */
  @trace("passwords.sign_in")
  async signIn(credentials: Credentials, client: Client, device: Device): Promise<Tokens> {
    demandBoundedPassword(credentials.password);
    for (let attempt = 1; attempt <= MOST_ATTEMPTS; attempt += 1) {
      const account = await this.#verified(credentials, client, device);
      const tokens = await this.#open(account, credentials.password, client, device);
      if (tokens === CHANGED_MEANWHILE) continue;
      const { history, newDevices } = this.#given;
      const { sessionId } = tokens;
      history.record({ account, sessionId, outcome: "signed_in", door: "password", device, client });
      if (tokens.isNewDevice) newDevices.tell(account, device, client);
      return tokens;
    }
    throw refuse.credentials_wrong();
  }

  async #verified({ email, password }: Credentials, client: Client, device: Device): Promise<Verified> {
    const { accounts, passwords, history } = this.#given;
    const account = await accounts.findByEmail(email);
    const fits = await passwords.verify(account?.password_hash, password);
    if (account === undefined) throw refuse.credentials_wrong();
    annotate({ "kinopass.account_id": account.id });
    const note = { account, sessionId: null, door: "password", device, client } as const;
    if (!fits || !hasPassword(account)) {
      history.record({ ...note, outcome: "wrong_password" });
      throw refuse.credentials_wrong();
    }
    if (account.status !== "active") {
      history.record({ ...note, outcome: "account_disabled" });
      throw refuseSession.account_disabled();
    }
    return account;
  }

  /** Hashing stays outside the database's work; what was verified must still be so when the session opens. */
  async #open(
    account: Verified,
    password: string,
    client: Client,
    device: Device,
  ): Promise<Opened | typeof CHANGED_MEANWHILE> {
    const { db, passwords, sessions } = this.#given;
    const { id, region, password_hash: hash, roles, birth_date: birthDate } = account;
    const opening = { account, roles, birthDate, door: "password", client, device } as const;
    if (!passwords.isOutdated(hash)) return (await sessions.openWhile(hash, opening)) ?? CHANGED_MEANWHILE;
    const better = await passwords.hash(password);
    return await db.transaction(async (tx) => {
      const { rows } = await queries.upgrade(tx, id, region, hash, better);
      return rows.length === 0 ? CHANGED_MEANWHILE : await sessions.open(opening, tx);
    });
  }
}

function hasPassword(account: AccountRow): account is Verified {
  return account.password_hash !== null;
}
