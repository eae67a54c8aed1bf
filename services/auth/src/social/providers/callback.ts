import { ProviderFailure } from "./failure.ts";
import type { CallbackParams, ProviderName } from "./provider.ts";

/** Codes are short; Google's, the longest seen, stay under 300 characters. */
const MAX_PARAM_CHARS = 2048;

export interface CallbackRules {
  readonly provider: ProviderName;
  /** The `iss` values that are this provider's own, compared byte for byte (RFC 9207 §2.4). */
  readonly issuers?: readonly string[];
  /** The provider's metadata promises `iss` in every answer, so an answer without it came from elsewhere. */
  readonly issuerPromised?: boolean;
  /** Apple may send an id_token along with the code; we read only the one from the token endpoint. */
  readonly ignoresFrontChannelIdToken?: boolean;
}

export function stateIn(params: CallbackParams): string | undefined {
  return single(params, "state");
}

/** The code of a callback that carries good news for us and nobody else. @throws ProviderFailure before any request is made. */
export function codeFrom(params: CallbackParams, rules: CallbackRules): string {
  refuseForeignIssuer(params, rules);
  refuseImplicit(params, rules);
  refuseError(params, rules.provider);
  const code = single(params, "code");
  if (code === undefined) throw new ProviderFailure(rules.provider, "bad_callback", "no_code");
  return code;
}

/** One well-formed value; a repeated, empty, oversized or nested one is as good as none. */
export function single(params: CallbackParams, key: string): string | undefined {
  const value = Object.hasOwn(params, key) ? params[key] : undefined;
  return typeof value === "string" && value !== "" && value.length <= MAX_PARAM_CHARS ? value : undefined;
}

/** Mix-up defence: an answer that names another issuer is dropped together with its code (RFC 9700 §4.4.2). */
function refuseForeignIssuer(
  params: CallbackParams,
  { provider, issuers = [], issuerPromised }: CallbackRules,
): void {
  const present = Object.hasOwn(params, "iss");
  if (!present && issuerPromised !== true) return;
  const issuer = single(params, "iss");
  if (issuer === undefined || !issuers.includes(issuer)) {
    throw new ProviderFailure(provider, "substitution", present ? "foreign_issuer" : "issuer_missing");
  }
}

/** We never ask for tokens through the browser, so whoever sends one there is not answering us (RFC 9700 §2.1.2). */
function refuseImplicit(
  params: CallbackParams,
  { provider, ignoresFrontChannelIdToken }: CallbackRules,
): void {
  const unasked = ignoresFrontChannelIdToken === true ? ["access_token"] : ["access_token", "id_token"];
  if (unasked.some((key) => Object.hasOwn(params, key))) {
    throw new ProviderFailure(provider, "substitution", "token_in_callback");
  }
}

/** Apple's word for a person who closed the sheet is `user_cancelled_authorize`. */
const DENIALS: ReadonlySet<string> = new Set(["access_denied", "user_denied", "user_cancelled_authorize"]);
const OPERATOR_ERRORS: ReadonlySet<string> = new Set([
  "unauthorized_client",
  "invalid_client",
  "invalid_scope",
  "redirect_uri_mismatch",
  "unsupported_response_type",
]);

function refuseError(params: CallbackParams, provider: ProviderName): void {
  // Facebook names some failures by error_code and error_message alone, with no `error` at all.
  const error = single(params, "error") ?? single(params, "error_reason") ?? single(params, "error_code");
  if (error === undefined) return;
  const denied = [error, single(params, "error_reason")].some(
    (word) => word !== undefined && DENIALS.has(word),
  );
  if (denied) throw new ProviderFailure(provider, "denied", "person_said_no", { providerCode: error });
  if (OPERATOR_ERRORS.has(error)) {
    throw new ProviderFailure(provider, "misconfigured", "refused_at_authorize", { providerCode: error });
  }
  const busy = error === "temporarily_unavailable" || error === "server_error";
  throw new ProviderFailure(
    provider,
    busy ? "provider_unreachable" : "provider_error",
    "refused_at_authorize",
    {
      providerCode: error,
    },
  );
}
