import { decodeProtectedHeader, errors, type JWTPayload, jwtVerify } from "jose";
import { ProviderFailure } from "./failure.ts";
import type { KeySet } from "./key-set.ts";
import type { Clock, ProviderName } from "./provider.ts";

/**
 * The checks of OpenID Connect Core §3.1.3.7 for an id_token that came from the token endpoint over TLS. One issuer,
 * one key set, one list of algorithms a provider: no token passes two validators.
 */

const MAX_CHARS = 16_384;
/** Clocks differ a little; more than this is not a clock. */
const TOLERANCE_S = 60;

export interface IdTokenRules {
  readonly provider: ProviderName;
  readonly keys: KeySet;
  readonly issuers: readonly string[];
  readonly clientId: string;
  readonly algorithms: readonly string[];
  readonly nonce: string;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

export type Claims = JWTPayload & { readonly sub: string };

/** @throws ProviderFailure: `substitution` when the token is somebody else's, `provider_garbage` when it is no token. */
export async function verifyIdToken(token: string | undefined, rules: IdTokenRules): Promise<Claims> {
  const { provider, keys, clock, signal } = rules;
  if (token === undefined) throw new ProviderFailure(provider, "provider_garbage", "no_id_token");
  refuseOddForm(token, provider);
  try {
    const { payload } = await jwtVerify(token, (header, input) => keys.keyFor(header, input, signal), {
      issuer: [...rules.issuers],
      audience: rules.clientId,
      algorithms: [...rules.algorithms],
      requiredClaims: ["iss", "aud", "exp", "iat", "sub", "nonce"],
      clockTolerance: TOLERANCE_S,
      currentDate: clock.now(),
    });
    return checkedClaims(payload, rules);
  } catch (error) {
    if (error instanceof errors.JOSEError) throw translated(error, provider);
    throw error;
  }
}

/** Compact form only (RFC 8725bis §3.14), with a named key, and no header that offers its own. */
function refuseOddForm(token: string, provider: ProviderName): void {
  if (token.length > MAX_CHARS || !/^[\w-]+\.[\w-]+\.[\w-]+$/.test(token)) {
    throw new ProviderFailure(provider, "provider_garbage", "id_token_form");
  }
  let header: ReturnType<typeof decodeProtectedHeader>;
  try {
    header = decodeProtectedHeader(token);
  } catch {
    throw new ProviderFailure(provider, "provider_garbage", "id_token_form");
  }
  if (typeof header.kid !== "string" || header.kid.length > 128) {
    throw new ProviderFailure(provider, "substitution", "id_token_key_unnamed");
  }
  if (["jku", "jwk", "x5u", "x5c"].some((name) => Object.hasOwn(header, name))) {
    throw new ProviderFailure(provider, "substitution", "id_token_brings_its_own_key");
  }
}

function checkedClaims(payload: JWTPayload, { provider, clientId, nonce, clock }: IdTokenRules): Claims {
  const refuse = (because: string) => new ProviderFailure(provider, "substitution", because);
  const { sub, aud, iat } = payload;
  if (typeof sub !== "string" || !/^[\x21-\x7e]{1,255}$/.test(sub)) throw refuse("id_token_sub");
  // jose takes an audience list that contains us; nobody else has business in it.
  if (Array.isArray(aud) && aud.length !== 1) throw refuse("id_token_aud");
  if (payload["azp"] !== undefined && payload["azp"] !== clientId) throw refuse("id_token_azp");
  if (nonce === "" || payload["nonce"] !== nonce) throw refuse("id_token_nonce");
  if (iat === undefined || iat > clock.now().getTime() / 1000 + TOLERANCE_S) throw refuse("id_token_iat");
  return { ...payload, sub };
}

function translated(error: errors.JOSEError, provider: ProviderName): ProviderFailure {
  const aboutClaim = error instanceof errors.JWTClaimValidationFailed || error instanceof errors.JWTExpired;
  const claim = aboutClaim ? `id_token_${error.claim}` : undefined;
  const because = claim ?? `id_token_${error.code.toLowerCase()}`;
  return new ProviderFailure(provider, "substitution", because);
}
