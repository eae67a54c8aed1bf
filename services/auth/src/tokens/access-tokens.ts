import { sign } from "node:crypto";
import { errors, jwtVerify } from "jose";
import type { Clock } from "../clock.ts";
import { type AccountId, newId, type SessionId } from "../ids.ts";
import { ALGORITHM, type SigningKeys } from "./signing-keys.ts";

/** Ten minutes: also how long a revocation must be remembered. */
export const ACCESS_TOKEN_SECONDS = 600;

/** RFC 9068 §2.1: tells an access token from every other JWT. */
const TYPE = "at+jwt";

/** Highest age rating a viewer may watch. */
export type AgeCeiling = 0 | 6 | 12 | 16 | 18;

export interface Claims {
  readonly accountId: AccountId;
  readonly sessionId: SessionId;
  readonly roles: readonly string[];
  readonly ageCeiling: AgeCeiling;
}

export interface IssuedClaims extends Claims {
  readonly tokenId: string;
  readonly issuedAt: Date;
  readonly expiresAt: Date;
}

interface Dependencies {
  readonly keys: SigningKeys;
  readonly clock: Clock;
  readonly issuer: string;
  readonly audience: string;
}

/** Issues access tokens that services verify offline, and verifies them for Auth itself. */
export class AccessTokens {
  readonly #keys: SigningKeys;
  readonly #clock: Clock;
  readonly #issuer: string;
  readonly #audience: string;

  constructor({ keys, clock, issuer, audience }: Dependencies) {
    this.#keys = keys;
    this.#clock = clock;
    this.#issuer = issuer;
    this.#audience = audience;
  }

  /**
   * RFC 7515 §7.1, signed at once: jose signs through WebCrypto, whose job on libuv's pool takes three times as long as
   * the signature, and a refresh does little else (docs/decisions/0005). Reading stays with jose.
   */
  async issue(claims: Claims): Promise<string> {
    const now = this.#clock.now();
    const seconds = Math.floor(now.getTime() / 1000);
    const { kid, privateKey } = await this.#keys.current();
    const header = encode({ alg: ALGORITHM, typ: TYPE, kid });
    const payload = encode({
      sid: claims.sessionId,
      client_id: "kinopass",
      roles: claims.roles,
      age_ceiling: claims.ageCeiling,
      iss: this.#issuer,
      aud: this.#audience,
      sub: claims.accountId,
      jti: newId(now),
      // With its milliseconds (RFC 7519 §2 allows a fraction): a role that changes must not wait for the next second.
      iat: now.getTime() / 1000,
      exp: seconds + ACCESS_TOKEN_SECONDS,
    });
    const signature = sign(null, Buffer.from(`${header}.${payload}`), privateKey);
    return `${header}.${payload}.${signature.toString("base64url")}`;
  }

  /** Undefined for whatever is not a valid access token of ours. Infrastructure trouble is thrown. */
  async verify(token: string): Promise<IssuedClaims | undefined> {
    if (token.length > 4096 || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) return undefined;
    try {
      const { payload } = await jwtVerify(token, (header) => this.#keyOf(header.kid), {
        issuer: this.#issuer,
        audience: this.#audience,
        algorithms: [ALGORITHM],
        typ: TYPE,
        currentDate: this.#clock.now(),
        requiredClaims: ["exp", "iat", "sub", "sid", "jti", "roles", "age_ceiling"],
      });
      return {
        accountId: payload.sub as AccountId,
        sessionId: payload["sid"] as SessionId,
        roles: payload["roles"] as string[],
        ageCeiling: payload["age_ceiling"] as AgeCeiling,
        tokenId: payload.jti as string,
        // To the millisecond: it was divided by a thousand, and a Date cuts off what is left of one.
        issuedAt: new Date(Math.round((payload.iat ?? 0) * 1000)),
        expiresAt: new Date((payload.exp ?? 0) * 1000),
      };
    } catch (error) {
      if (error instanceof errors.JOSEError) return undefined;
      throw error;
    }
  }

  async #keyOf(kid: string | undefined) {
    const key = kid === undefined ? undefined : await this.#keys.verifying(kid);
    if (key === undefined) throw new errors.JWKSNoMatchingKey();
    return key;
  }
}

function encode(part: object): string {
  return Buffer.from(JSON.stringify(part)).toString("base64url");
}
