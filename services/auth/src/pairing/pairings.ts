/**
 * Signing in a TV without typing (RFC 8628). The TV shows eight letters; somebody who is signed in elsewhere reads
 * which TV asks, and says yes or no.
 *
 * Policy: a code works for ten minutes and for one TV. One account decides about it, once; who decided is in the
 * audit. The session is opened when the TV fetches it, and only while the session that said yes still lives: a
 * password reset in between takes the TV with it. The TV is never given more than the device that said yes. A TV
 * whose answer was lost is given the same one for ten seconds, as a refresh is; after that the device code is spent.
 */
import { createHash, randomBytes } from "node:crypto";
import type { PostgresDatabase, Transaction } from "@kinopass/postgres";
import { annotate, trace } from "@kinopass/tracing";
import { type AccountRow, type Accounts, isGone } from "../accounts/accounts.ts";
import type { Clock } from "../clock.ts";
import type { Client, Device } from "../http/client.ts";
import type { AccountId } from "../ids.ts";
import type { MailQueue } from "../mail/mail-queue.ts";
import { whereOf } from "../mail/where.ts";
import type { SignInHistory } from "../passwords/sign-in.ts";
import type { Secrets } from "../secrets.ts";
import { OVERLAP_MS, type Sessions, type Tokens } from "../sessions/sessions.ts";
import * as queries from "./queries.ts";
import { notYet } from "./refusals.ts";
import { hashOfUserCode, newUserCode, showUserCode } from "./user-code.ts";

export const EXPIRES_SECONDS = 600;
/** RFC 8628 §3.5: the interval, and what an impatient TV gets on top. */
export const INTERVAL_SECONDS = 5;
const SLOWER_BY_SECONDS = 5;
const SLOWEST_SECONDS = 60;
/** A TV that waits exactly the interval may still arrive a little early. */
const POLL_GRACE_MS = 500;
const KEPT_AFTER_MS = 60 * 60_000;
const MOST_TRIES_FOR_A_CODE = 5;

/** `kp_dc_` and 256 bits. */
export const DEVICE_CODE_PATTERN = "^kp_dc_[A-Za-z0-9_-]{43}$";

export interface Begun {
  readonly deviceCode: string;
  /** With the dash, as it is shown. */
  readonly userCode: string;
}

interface Dependencies {
  readonly db: PostgresDatabase;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly accounts: Accounts;
  readonly sessions: Sessions;
  readonly mail: MailQueue;
  readonly history: SignInHistory;
  /** Tests make two TVs draw the same code. */
  readonly drawUserCode?: () => string;
}

/** Another poll redeemed it a moment ago. */
const TAKEN = Symbol("taken");
/** What was approved may not be redeemed any more. */
const WITHDRAWN = Symbol("withdrawn");

export class Pairings {
  readonly #given: Dependencies;

  constructor(dependencies: Dependencies) {
    this.#given = dependencies;
  }

  /** A TV asks to be signed in. */
  @trace("pairing.begin")
  async begin(client: Client, device: Device): Promise<Begun> {
    const { clock, db, secrets, drawUserCode = newUserCode } = this.#given;
    const deviceCode = `kp_dc_${randomBytes(32).toString("base64url")}`;
    for (let attempt = 1; attempt <= MOST_TRIES_FOR_A_CODE; attempt += 1) {
      const userCode = drawUserCode();
      const now = clock.now();
      const { rows } = await queries.begin(
        db,
        hashOf(deviceCode),
        hashOfUserCode(secrets, userCode),
        now,
        new Date(now.getTime() + EXPIRES_SECONDS * 1000),
        INTERVAL_SECONDS,
        device.kind,
        device.name,
        client.address,
        client.userAgent,
      );
      if (rows.length > 0) return { deviceCode, userCode: showUserCode(userCode) };
    }
    throw new Error("Every user code that was drawn belongs to a TV already");
  }

  /**
   * The TV asks whether it may come in. Refuses `authorization_pending`, `slow_down`, `access_denied`,
   * `expired_token`, `device_code_unknown`.
   */
  @trace("pairing.poll")
  async poll(deviceCode: string, client: Client): Promise<Tokens> {
    const hash = hashOf(deviceCode);
    const row = await this.#note(hash);
    if (row.state === "redeemed") return this.#answerAgain(hash, row);
    if (row.expires_at <= this.#given.clock.now()) throw notYet("expired_token");
    if (row.state === "denied") throw notYet("access_denied");
    if (row.account_id === null)
      throw notYet(row.too_soon ? "slow_down" : "authorization_pending", { interval: row.poll_interval });
    const outcome = await this.#redeem(hash, row.account_id, client);
    if (outcome === WITHDRAWN) throw notYet("access_denied");
    return outcome === TAKEN ? this.#answerAgain(hash, await this.#note(hash)) : outcome;
  }

  async #note(hash: Buffer): Promise<queries.PolledRow> {
    const { clock, db } = this.#given;
    const polled = await queries.poll(
      db,
      hash,
      clock.now(),
      POLL_GRACE_MS,
      SLOWER_BY_SECONDS,
      SLOWEST_SECONDS,
    );
    const row = polled.rows[0];
    if (row === undefined) throw notYet("device_code_unknown");
    return row;
  }

  /** Session, mail and the spent code come together or not at all. */
  async #redeem(
    hash: Buffer,
    accountId: AccountId,
    client: Client,
  ): Promise<Tokens | typeof TAKEN | typeof WITHDRAWN> {
    const { accounts, db, history } = this.#given;
    annotate({ "kinopass.account_id": accountId });
    try {
      const opened = await accounts.underLock(accountId, (tx, account) =>
        this.#open(tx, hash, account, client),
      );
      if (opened === TAKEN) return TAKEN;
      const { account, device, tokens } = opened;
      const { sessionId } = tokens;
      history.record({ account, sessionId, outcome: "signed_in", door: "pairing", device, client });
      return tokens;
    } catch (error) {
      if (error !== WITHDRAWN && !isGone(error)) throw error;
      await queries.refuseApproved(db, hash);
      return WITHDRAWN;
    }
  }

  async #open(
    tx: Transaction,
    hash: Buffer,
    account: AccountRow,
    client: Client,
  ): Promise<typeof TAKEN | { account: AccountRow; device: Device; tokens: Tokens }> {
    const { clock, mail, secrets, sessions } = this.#given;
    const row = (await queries.redeem(tx, hash, clock.now(), account.id)).rows[0];
    if (row === undefined) return TAKEN;
    const approver = await queries.approverLives(tx, account.id, row.approver_session_id, clock.now());
    if (account.status !== "active" || approver.rows.length === 0) throw WITHDRAWN;
    const device: Device = { kind: row.device_kind, name: row.device_name };
    const { roles, birth_date: birthDate } = account;
    const ceiling = row.age_ceiling === null ? {} : { ageCeiling: row.age_ceiling };
    const opening = { account, roles, birthDate, door: "pairing", client, device, ...ceiling } as const;
    const tokens = await sessions.open(opening, tx);
    await queries.keepAnswer(tx, hash, secrets.seal(JSON.stringify(tokens), contextOf(hash)));
    if (account.email !== null) {
      const values = whereOf(client, device);
      await mail.enqueue(tx, { letter: "tv_paired", to: account.email, language: account.locale, values });
    }
    return { account, device, tokens };
  }

  /** Only for as long as an answer may have been lost; later, whoever holds the device code gets nothing. */
  #answerAgain(hash: Buffer, { redeemed_at, sealed }: queries.PolledRow): Tokens {
    const { clock, secrets } = this.#given;
    const isLate = redeemed_at === null || clock.now().getTime() - redeemed_at.getTime() > OVERLAP_MS;
    const kept = isLate || sealed === null ? undefined : secrets.open(sealed, contextOf(hash));
    if (kept === undefined) throw notYet("expired_token");
    return JSON.parse(kept.toString("utf8")) as Tokens;
  }

  /** Deletes a batch of what is long over; tells how many. */
  async purge(limit: number): Promise<number> {
    const { clock, db } = this.#given;
    const now = clock.now().getTime();
    await queries.forgetAnswers(db, new Date(now - OVERLAP_MS));
    return (await queries.purge(db, new Date(now - KEPT_AFTER_MS), limit)).rowCount;
  }
}

function hashOf(deviceCode: string): Buffer {
  return createHash("sha256").update(deviceCode).digest();
}

function contextOf(hash: Buffer): string {
  return `pairing/${hash.toString("hex")}`;
}
