import { randomUUID } from "node:crypto";
import type { AgeRating } from "../ratings/ratings.ts";
import type { Signer } from "../secrets.ts";

/** Long enough to open the player on a slow line; the player asks the streaming edge once, with this. */
export const GRANT_SECONDS = 120;

/** What the streaming edge is told: this session may open this film until then. */
export interface GrantClaims {
  readonly jti: string;
  readonly film_id: number;
  readonly account_id: string;
  readonly session_id: string;
  readonly age_rating: AgeRating;
  /** Seconds since 1970. */
  readonly exp: number;
}

const PREFIX = "kp_pg_";

/**
 * Playback grants: `kp_pg_` + base64url(claims) + "." + base64url(key id, HMAC-SHA-256). The edge that
 * serves the film has the same keys and verifies offline, so starting a film writes nothing anywhere.
 */
export class Grants {
  readonly #signer: Signer;

  constructor(signer: Signer) {
    this.#signer = signer;
  }

  issue(claims: Omit<GrantClaims, "jti" | "exp">, now: Date): string {
    const exp = Math.floor(now.getTime() / 1000) + GRANT_SECONDS;
    const text = Buffer.from(JSON.stringify({ jti: randomUUID(), ...claims, exp })).toString("base64url");
    return `${PREFIX}${text}.${this.#signer.sign(text)}`;
  }

  /** The claims of a grant that is ours and has not run out; undefined for anything else. */
  verify(grant: string, now: Date): GrantClaims | undefined {
    const [, text = "", signature = ""] = /^kp_pg_([\w-]{1,1024})\.([\w-]{44})$/.exec(grant) ?? [];
    if (!this.#signer.verify(text, signature)) return undefined;
    const claims = JSON.parse(Buffer.from(text, "base64url").toString("utf8")) as GrantClaims;
    return claims.exp * 1000 > now.getTime() ? claims : undefined;
  }
}
