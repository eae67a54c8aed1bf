/**
 * A session is one signed-in device. Every door (password, social account, pairing, reset) opens one
 * through `open` or `openWhile`; nothing else makes tokens.
 *
 * Policy: the access token lives ten minutes. The refresh token rotates with every use; the same one
 * within ten seconds is given the same successor (two tabs, a lost answer), an older one ends the
 * session, since two parties hold it and we cannot tell which is the thief (RFC 9700 §4.14.2). A
 * session ends after 30 days without use, and after 180 days in any case. Fifty devices at most: the
 * one unused for longest gives way.
 */
import type { Database, PostgresDatabase, Transaction, Transactional } from "@kinopass/postgres";
import { annotate, trace } from "@kinopass/tracing";
import type { Actor, Audit } from "../audit/audit.ts";
import type { Clock } from "../clock.ts";
import type { AccountRef } from "../directory/directory.ts";
import type { Client, Device } from "../http/client.ts";
import {
  type AccountId,
  birthRegionOf,
  NIL_ACCOUNT,
  newId,
  type RegionCode,
  type SessionId,
} from "../ids.ts";
import type { Revocations } from "../revocations/revocations.ts";
import type { Secrets } from "../secrets.ts";
import { ACCESS_TOKEN_SECONDS, type AccessTokens, type AgeCeiling } from "../tokens/access-tokens.ts";
import { ageCeilingOf } from "./age.ts";
import { Openings, type OpeningValues, openOne } from "./openings.ts";
import * as queries from "./queries.ts";
import { type RefreshClaims, type RefreshToken, readRefreshToken, refreshTokenOf } from "./refresh-token.ts";
import { refuse } from "./refusals.ts";
import { Rotations } from "./rotations.ts";

export { refuse } from "./refusals.ts";

const DAY_MS = 24 * 60 * 60 * 1000;
export const OVERLAP_MS = 10_000;
export const IDLE_MS = 30 * DAY_MS;
export const ABSOLUTE_MS = 180 * DAY_MS;
/** How long a sign-in counts as proof for what asks for one. */
export const FRESH_PROOF_MS = 10 * 60 * 1000;
const MOST_DEVICES = 50;
/** How long a session that is over is kept. */
const KEPT_MS = 30 * DAY_MS;
/** Sessions walked over at once by the purge: some milliseconds' work, and millions a day. */
const STRETCH = 10_000;
const BEFORE_ALL = { account_id: NIL_ACCOUNT, id: NIL_ACCOUNT as string as SessionId };

/** How a person came in: `password`, `sign_up`, `password_reset`, `pairing`, `social:vk` … */
export type Door = "password" | "sign_up" | "password_reset" | "pairing" | `social:${string}`;

export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken: RefreshToken;
  readonly expiresIn: number;
  readonly sessionId: SessionId;
}

export interface Opened extends Tokens {
  /** The account was not used with this program before: its owner is told by mail. */
  readonly isNewDevice: boolean;
}

/** What a door knows of the account it opens. */
export interface Opening {
  readonly account: AccountRef;
  readonly roles: readonly string[];
  readonly birthDate: string | null;
  readonly door: Door;
  readonly client: Client;
  readonly device: Device;
  /** A television may be given less than its owner may watch. */
  readonly ageCeiling?: AgeCeiling;
}

interface Dependencies {
  readonly db: PostgresDatabase;
  /** For signing out: nobody stays signed in because others wait. */
  readonly urgent: Transactional;
  readonly clock: Clock;
  readonly secrets: Secrets;
  readonly accessTokens: AccessTokens;
  readonly revocations: Revocations;
  readonly audit: Audit;
}

export class Sessions {
  readonly #db: PostgresDatabase;
  readonly #urgent: Transactional;
  readonly #clock: Clock;
  readonly #secrets: Secrets;
  readonly #accessTokens: AccessTokens;
  readonly #revocations: Revocations;
  readonly #audit: Audit;
  readonly #openings: Openings;
  readonly #rotations: Rotations;
  #purgedTo: Pick<queries.StretchRow, "account_id" | "id"> = BEFORE_ALL;

  constructor(dependencies: Dependencies) {
    this.#db = dependencies.db;
    this.#urgent = dependencies.urgent;
    this.#clock = dependencies.clock;
    this.#secrets = dependencies.secrets;
    this.#accessTokens = dependencies.accessTokens;
    this.#revocations = dependencies.revocations;
    this.#audit = dependencies.audit;
    this.#openings = new Openings(dependencies.db, MOST_DEVICES);
    const limits = { overlapMs: OVERLAP_MS, idleMs: IDLE_MS };
    this.#rotations = new Rotations(dependencies.db, dependencies.clock, limits);
  }

  /** Opens a session, on its own or in a transaction of the door's. */
  @trace("sessions.open")
  async open(opening: Opening, db: Database = this.#db): Promise<Opened> {
    const values = this.#valuesOf(opening, null);
    const opened = (await openOne(db, values, MOST_DEVICES)).rows[0];
    if (opened === undefined) throw new Error("a session without a condition was not opened");
    return await this.#opened(opening, values, opened);
  }

  /** The same while the account is active and its password hash the one that was verified; else undefined. */
  @trace("sessions.open")
  async openWhile(passwordHash: string, opening: Opening): Promise<Opened | undefined> {
    const values = this.#valuesOf(opening, passwordHash);
    const opened = await this.#openings.open(values);
    return opened === undefined ? undefined : await this.#opened(opening, values, opened);
  }

  #valuesOf({ account, client, device, ...opening }: Opening, passwordHash: string | null): OpeningValues {
    const now = this.#clock.now();
    const stamp = this.#audit.stamp();
    return {
      account: account.id,
      session: newId<"session">(now),
      at: now,
      expires_at: new Date(now.getTime() + ABSOLUTE_MS),
      region: account.region,
      age_ceiling: opening.ageCeiling ?? null,
      door: opening.door,
      device_kind: device.kind,
      device_name: device.name,
      address: client.address,
      user_agent: client.userAgent,
      audit_id: stamp.id,
      password_hash: passwordHash,
      request_id: stamp.requestId,
    };
  }

  async #opened(opening: Opening, { at }: OpeningValues, row: queries.OpenedRow): Promise<Opened> {
    const tokens = await this.#tokens(
      { accountId: opening.account.id, sessionId: row.id, counter: 0 },
      opening.roles,
      lower(ageCeilingOf(opening.birthDate, at), opening.ageCeiling),
    );
    return { ...tokens, isNewDevice: !row.seen };
  }

  /** Exchanges a refresh token for a fresh pair. */
  async refresh(presented: string): Promise<Tokens> {
    return await this.refreshBy(this.readRefreshToken(presented));
  }

  /** The same with a token that was read already; `undefined` is one that we did not make. */
  @trace("sessions.refresh")
  async refreshBy(claims: RefreshClaims | undefined): Promise<Tokens> {
    if (claims === undefined) throw refuse.refresh_token_invalid();
    annotate({ "kinopass.session_id": claims.sessionId });
    const rotated = await this.#rotate(claims, birthRegionOf(claims.accountId));
    if (rotated === undefined) throw await this.#whyNot(claims);
    if (rotated.status !== "active") throw refuse.account_disabled();
    const ceiling = lower(ageCeilingOf(rotated.birth_date, this.#clock.now()), rotated.device_ceiling);
    return await this.#tokens({ ...claims, counter: rotated.counter }, rotated.roles, ceiling);
  }

  async #rotate(claims: RefreshClaims, region: RegionCode): Promise<queries.RotationRow | undefined> {
    const row = await this.#rotations.rotate(claims, region);
    // The account moved away from its birth region: the session's row knows where; ask again, within the overlap.
    if (row?.status === null && row.region !== region) return await this.#rotate(claims, row.region);
    return row;
  }

  /** No row moved: the session is over, or the token is one that was used long ago. */
  async #whyNot({ accountId, sessionId, counter }: RefreshClaims): Promise<Error> {
    const ended = await this.#db.transaction(async (tx) => {
      const { rows } = await queries.endReused(tx, accountId, sessionId, counter, this.#clock.now());
      if (rows.length === 0) return false;
      await this.#revocations.ofSessions(tx, accountId, [sessionId], "refresh_token_reused");
      const actor: Actor = { kind: "system" };
      await this.#audit.record(tx, { action: "session.refresh_token_reused", accountId, actor, sessionId });
      return true;
    });
    return ended ? refuse.refresh_token_reused() : refuse.session_over();
  }

  async #tokens(claims: RefreshClaims, roles: readonly string[], ageCeiling: AgeCeiling): Promise<Tokens> {
    const accessToken = await this.#accessTokens.issue({ ...claims, roles, ageCeiling });
    return {
      accessToken,
      refreshToken: refreshTokenOf(this.#secrets, claims),
      expiresIn: ACCESS_TOKEN_SECONDS,
      sessionId: claims.sessionId,
    };
  }

  /** The live session, or undefined when it ended or ran out. */
  async find(
    accountId: AccountId,
    sessionId: SessionId,
    on: Database = this.#db,
  ): Promise<queries.SessionRow | undefined> {
    const now = this.#clock.now();
    return (await queries.findLive(on, accountId, sessionId, now, new Date(now.getTime() - IDLE_MS))).rows[0];
  }

  /** Live sessions, most recently used first. */
  async list(accountId: AccountId): Promise<readonly queries.SessionRow[]> {
    const now = this.#clock.now();
    return (await queries.listLive(this.#db, accountId, now, new Date(now.getTime() - IDLE_MS))).rows;
  }

  /** A person proved who they are again, without signing in anew. */
  async proveAgain(tx: Transaction, accountId: AccountId, sessionId: SessionId): Promise<void> {
    await queries.refreshProof(tx, accountId, sessionId, this.#clock.now());
  }

  async rename(accountId: AccountId, sessionId: SessionId, name: string): Promise<void> {
    const { rows } = await queries.renameDevice(this.#db, accountId, sessionId, name);
    if (rows.length === 0) throw refuse.session_not_found();
  }

  /** Ends one session; a second time, or somebody else's, is "there is no such session". */
  @trace("sessions.end")
  async end(accountId: AccountId, sessionId: SessionId, actor: Actor, because = "signed_out"): Promise<void> {
    const ended = await this.#urgent.transaction((tx) =>
      this.endOne(tx, accountId, sessionId, actor, because),
    );
    if (ended === 0) throw refuse.session_not_found();
  }

  /** The same in a transaction of the caller's. Returns how many: one, or none. */
  async endOne(
    tx: Transaction,
    accountId: AccountId,
    sessionId: SessionId,
    actor: Actor,
    because: string,
  ): Promise<number> {
    const { rows } = await queries.endOne(tx, accountId, sessionId, this.#clock.now(), because);
    return await this.#afterEnding(tx, accountId, rows, actor, because);
  }

  /** Ends every session but one. Returns how many. */
  async endOthers(
    tx: Transaction,
    accountId: AccountId,
    kept: SessionId,
    actor: Actor,
    because: string,
  ): Promise<number> {
    const { rows } = await queries.endOthers(tx, accountId, kept, this.#clock.now(), because);
    return await this.#afterEnding(tx, accountId, rows, actor, because);
  }

  async endAll(tx: Transaction, accountId: AccountId, actor: Actor, because: string): Promise<number> {
    const { rows } = await queries.endAll(tx, accountId, this.#clock.now(), because);
    return await this.#afterEnding(tx, accountId, rows, actor, because);
  }

  /** Ends what one door opened, e.g. when that social account is unlinked. */
  async endByDoor(
    tx: Transaction,
    accountId: AccountId,
    door: Door,
    actor: Actor,
    because: string,
  ): Promise<number> {
    const { rows } = await queries.endByDoor(tx, accountId, door, this.#clock.now(), because);
    return await this.#afterEnding(tx, accountId, rows, actor, because);
  }

  async #afterEnding(
    tx: Transaction,
    accountId: AccountId,
    ended: readonly queries.EndedRow[],
    actor: Actor,
    because: string,
  ): Promise<number> {
    if (ended.length === 0) return 0;
    const ids = ended.map(({ id }) => id);
    await this.#revocations.ofSessions(tx, accountId, ids, because);
    await this.#audit.record(tx, {
      action: "session.ended",
      accountId,
      actor,
      details: { because, sessions: ids },
    });
    return ids.length;
  }

  /** Which session a refresh token is of, and which counter; undefined for one that we did not make. No I/O. */
  readRefreshToken(token: string): RefreshClaims | undefined {
    return readRefreshToken(this.#secrets, token);
  }

  /** Walks over the next sessions and deletes those that ended or ran out long ago; tells how many. */
  async purge(): Promise<number> {
    const now = this.#clock.now().getTime();
    const { rows } = await queries.stretch(
      this.#db,
      this.#purgedTo.account_id,
      this.#purgedTo.id,
      new Date(now - KEPT_MS),
      new Date(now - IDLE_MS - KEPT_MS),
      STRETCH,
    );
    this.#purgedTo = (rows.length < STRETCH ? undefined : rows.at(-1)) ?? BEFORE_ALL;
    const gone = rows.filter(({ is_over }) => is_over);
    if (gone.length === 0) return 0;
    const [accounts, ids] = [gone.map(({ account_id }) => account_id), gone.map(({ id }) => id)];
    return (await queries.remove(this.#db, accounts, ids)).rowCount;
  }

  /** Follows an account to its new region. */
  async move(tx: Transaction, accountId: AccountId, to: RegionCode): Promise<void> {
    await queries.moveSessions(tx, accountId, to);
  }

  async erase(tx: Transaction, accountId: AccountId): Promise<void> {
    await queries.eraseSessions(tx, accountId);
  }
}

function lower(own: AgeCeiling, device: AgeCeiling | null | undefined): AgeCeiling {
  return device != null && device < own ? device : own;
}
