/**
 * Who is calling Auth itself. Auth owns the sessions, so unlike other services it asks its database:
 * a session that was ended a moment ago opens nothing here.
 */
import { refusals } from "@kinopass/http";
import type { FastifyRequest } from "fastify";
import type { Clock } from "../clock.ts";
import type { AccountId, SessionId } from "../ids.ts";
import type { AccessTokens, IssuedClaims } from "../tokens/access-tokens.ts";

export const refuse = refusals({
  sign_in_required: { status: 401, title: { en: "Sign in first", ru: "Сначала войдите" } },
  access_token_invalid: {
    status: 401,
    title: {
      en: "The access token is not valid or has run out; refresh it",
      ru: "Токен доступа недействителен или истёк, обновите его",
    },
  },
  reauth_required: {
    status: 403,
    title: { en: "Confirm that it is you: sign in again", ru: "Подтвердите, что это вы: войдите ещё раз" },
    detail: {
      en: "This needs a sign-in of the last ten minutes",
      ru: "Для этого нужен вход, сделанный за последние десять минут",
    },
  },
});

/** The refusals of every route that needs a member; spread them into `config.refuses`. */
export const memberRefusals = [refuse.sign_in_required, refuse.access_token_invalid] as const;

/** OpenAPI security requirement of such a route. */
export const memberSecurity = [{ access_token: [] }];

export interface LiveSession {
  readonly id: SessionId;
  readonly authenticated_at: Date;
  readonly door: string;
}

/** What the sessions capability offers for this. */
export interface SessionFinder {
  find(accountId: AccountId, sessionId: SessionId): Promise<LiveSession | undefined>;
}

export interface Member {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
  readonly claims: IssuedClaims;
  readonly session: LiveSession;
}

export class Authenticate {
  readonly #accessTokens: AccessTokens;
  readonly #sessions: SessionFinder;
  readonly #clock: Clock;
  readonly #freshProofMs: number;
  readonly #presented = new WeakMap<FastifyRequest, IssuedClaims>();

  constructor(dependencies: {
    accessTokens: AccessTokens;
    sessions: SessionFinder;
    clock: Clock;
    freshProofMs: number;
  }) {
    this.#accessTokens = dependencies.accessTokens;
    this.#sessions = dependencies.sessions;
    this.#clock = dependencies.clock;
    this.#freshProofMs = dependencies.freshProofMs;
  }

  /**
   * What the token says, by its signature alone; throws 401 otherwise (RFC 6750 §3: with WWW-Authenticate). Asked before the
   * body is read, and remembered for `member`.
   */
  async presented(request: FastifyRequest): Promise<IssuedClaims> {
    const token = bearerOf(request);
    if (token === undefined)
      throw refuse.sign_in_required({ headers: { "www-authenticate": 'Bearer realm="kinopass"' } });
    const claims = this.#presented.get(request) ?? (await this.#accessTokens.verify(token));
    if (claims === undefined) throw invalidToken();
    this.#presented.set(request, claims);
    return claims;
  }

  /** The member who is calling; throws 401 otherwise. The session is looked for now: it may end while a body comes. */
  async member(request: FastifyRequest): Promise<Member> {
    const claims = await this.presented(request);
    const { accountId, sessionId } = claims;
    const session = await this.#sessions.find(accountId, sessionId);
    if (session === undefined) throw invalidToken();
    return { accountId, sessionId, claims, session };
  }

  /** A member who proved who they are within the last ten minutes; 403 `reauth_required` otherwise. */
  async freshMember(request: FastifyRequest): Promise<Member> {
    const member = await this.member(request);
    if (!this.isFresh(member)) throw refuse.reauth_required();
    return member;
  }

  isFresh({ session }: Member): boolean {
    return this.#clock.now().getTime() - session.authenticated_at.getTime() <= this.#freshProofMs;
  }
}

/** It is not ours, has run out, or its session is over. */
export function invalidToken() {
  return refuse.access_token_invalid({
    headers: { "www-authenticate": 'Bearer realm="kinopass", error="invalid_token"' },
  });
}

/** RFC 6750 §2.1: the header only. A token in a query would end in logs and histories. */
function bearerOf(request: FastifyRequest): string | undefined {
  const [scheme, token, ...rest] = request.headers.authorization?.split(" ") ?? [];
  return scheme?.toLowerCase() === "bearer" && token !== undefined && rest.length === 0 ? token : undefined;
}
