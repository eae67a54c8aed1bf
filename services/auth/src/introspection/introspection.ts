/**
 * For the rare service that must know now, not within seconds: whether a token counts (RFC 7662), and
 * "this token is stolen, end it" (RFC 7009). Everybody else verifies offline and follows the feed.
 */
import type { Database } from "@kinopass/postgres";
import { trace } from "@kinopass/tracing";
import type { Clock } from "../clock.ts";
import type { AccountId, SessionId } from "../ids.ts";
import { IDLE_MS, OVERLAP_MS, refuse as refuseSession, type Sessions } from "../sessions/sessions.ts";
import type { AccessTokens, AgeCeiling } from "../tokens/access-tokens.ts";
import * as queries from "./queries.ts";
import type { ServiceActor } from "./service-credentials.ts";

export type TokenReport =
  | { readonly active: false }
  | {
      readonly active: true;
      readonly kind: "access_token" | "refresh_token";
      readonly accountId: AccountId;
      readonly sessionId: SessionId;
      readonly issuedAt: Date;
      readonly expiresAt: Date;
      readonly tokenId?: string;
      readonly roles?: readonly string[];
      readonly ageCeiling?: AgeCeiling;
    };

interface Dependencies {
  readonly db: Database;
  readonly clock: Clock;
  readonly sessions: Sessions;
  readonly accessTokens: AccessTokens;
}

const INACTIVE = { active: false } as const;

export class Introspection {
  readonly #db: Database;
  readonly #clock: Clock;
  readonly #sessions: Sessions;
  readonly #accessTokens: AccessTokens;

  constructor({ db, clock, sessions, accessTokens }: Dependencies) {
    this.#db = db;
    this.#clock = clock;
    this.#sessions = sessions;
    this.#accessTokens = accessTokens;
  }

  /** Whatever is not active is simply that: why is nobody's business (RFC 7662 §2.2). */
  @trace("introspection.introspect")
  async introspect(token: string): Promise<TokenReport> {
    return token.startsWith("kp_rt_") ? await this.#refreshToken(token) : await this.#accessToken(token);
  }

  async #accessToken(token: string): Promise<TokenReport> {
    const claims = await this.#accessTokens.verify(token);
    if (claims === undefined) return INACTIVE;
    const { accountId, sessionId, tokenId, issuedAt, expiresAt, roles, ageCeiling } = claims;
    const state = await this.#state(accountId, sessionId, issuedAt);
    if (state === undefined || state.outdated) return INACTIVE;
    return {
      active: true,
      kind: "access_token",
      accountId,
      sessionId,
      tokenId,
      issuedAt,
      expiresAt,
      roles,
      ageCeiling,
    };
  }

  async #refreshToken(token: string): Promise<TokenReport> {
    const claims = this.#sessions.readRefreshToken(token);
    if (claims === undefined) return INACTIVE;
    const { accountId, sessionId, counter } = claims;
    const state = await this.#state(accountId, sessionId, this.#clock.now());
    if (state === undefined || !this.#isAccepted(counter, state)) return INACTIVE;
    const idleEnd = state.last_used_at.getTime() + IDLE_MS;
    const expiresAt = new Date(Math.min(idleEnd, state.expires_at.getTime()));
    return {
      active: true,
      kind: "refresh_token",
      accountId,
      sessionId,
      issuedAt: state.created_at,
      expiresAt,
    };
  }

  /** The same rule as at a refresh: the current counter, or the one before it within the overlap. */
  #isAccepted(counter: number, state: queries.TokenState): boolean {
    const overlapping = this.#clock.now().getTime() - state.last_used_at.getTime() < OVERLAP_MS;
    return counter >= state.counter || (counter === state.counter - 1 && overlapping);
  }

  async #state(
    accountId: AccountId,
    sessionId: SessionId,
    issuedAt: Date,
  ): Promise<queries.TokenState | undefined> {
    const now = this.#clock.now();
    const idle = new Date(now.getTime() - IDLE_MS);
    const { rows } = await queries.tokenState(this.#db, accountId, sessionId, now, idle, issuedAt);
    return rows[0]?.status === "active" ? rows[0] : undefined;
  }

  /** Ends the session a token belongs to. A token that is not ours, or over already, is no error (RFC 7009 §2.2). */
  @trace("introspection.revoke")
  async revoke(token: string, actor: ServiceActor): Promise<void> {
    const claims = token.startsWith("kp_rt_")
      ? this.#sessions.readRefreshToken(token)
      : await this.#accessTokens.verify(token);
    if (claims === undefined) return;
    try {
      await this.#sessions.end(claims.accountId, claims.sessionId, actor, "revoked_by_service");
    } catch (error) {
      if ((error as { code?: string }).code !== refuseSession.session_not_found.code) throw error;
    }
  }
}
