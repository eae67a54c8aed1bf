import { ProviderFailure } from "./failure.ts";
import { field, given, type JsonObject, quantity, text } from "./json.ts";
import type { KeptTokens, ProviderName } from "./provider.ts";
import type { Answer } from "./provider-client.ts";

/** A token answer, read tolerantly: expires_in comes as number, string, 0 or not at all; token_type as anything. */
export interface Tokens {
  readonly accessToken: string;
  readonly refreshToken?: string;
  readonly idToken?: string;
  readonly expiresAt?: Date;
}

/** A sample of Yandex's lives for 3 900 years. */
const LONGEST_LIFE_S = 10 * 365 * 86_400;
/** RFC 6749 §A.12: printable ASCII. Anything else could not even be sent back in a header. */
const TOKEN = /^[\x20-\x7e]{1,16384}$/;

export function tokensFrom(provider: ProviderName, body: JsonObject, now: Date): Tokens {
  const accessToken = text(body, "access_token");
  if (accessToken === undefined || !TOKEN.test(accessToken)) {
    throw new ProviderFailure(provider, "provider_garbage", "no_access_token");
  }
  const seconds = quantity(body, "expires_in");
  return {
    accessToken,
    ...given({
      refreshToken: text(body, "refresh_token"),
      idToken: text(body, "id_token"),
      // 0 is how VK writes "never"; both it and absence mean that nobody told us.
      expiresAt: seconds ? new Date(now.getTime() + Math.min(seconds, LONGEST_LIFE_S) * 1000) : undefined,
    }),
  };
}

/**
 * What to keep after a refresh or a second sign-in: a field the provider did not send again stays as it was. Google
 * gives a refresh token on first consent only, Mail.ru and Yandex may leave it out when refreshing.
 */
export function mergeTokens(previous: KeptTokens, next: KeptTokens): KeptTokens {
  return { ...previous, ...given(next) };
}

export function hasExpired(tokens: KeptTokens, now: Date): boolean {
  return tokens.expiresAt !== undefined && tokens.expiresAt.getTime() <= now.getTime();
}

const SPENT: ReadonlySet<string> = new Set(["invalid_grant", "bad_verification_code", "code_expired"]);
const OPERATORS: ReadonlySet<string> = new Set([
  "invalid_client",
  "unauthorized_client",
  "redirect_uri_mismatch",
  "unsupported_grant_type",
  "invalid_scope",
]);
const BUSY: ReadonlySet<string> = new Set(["temporarily_unavailable", "server_error", "slow_down"]);

export type Grant = "code" | "refresh";

/**
 * Refuses an RFC 6749 §5.2 error at a token endpoint, in whatever HTTP status it comes. `reading` lets an adapter say
 * first what its provider means by a code that the RFC would read differently.
 */
export function refuseTokenError(
  provider: ProviderName,
  answer: Answer,
  grant: Grant,
  reading?: (error: string, description: string) => ProviderFailure | undefined,
): void {
  const error = text(answer.body, "error");
  if (error === undefined && answer.status < 400) return;
  const code = error ?? `status_${answer.status}`;
  const description = text(answer.body, "error_description") ?? "";
  throw reading?.(code, description) ?? standardReading(provider, answer.status, code, grant);
}

function standardReading(
  provider: ProviderName,
  status: number,
  code: string,
  grant: Grant,
): ProviderFailure {
  const details = { providerCode: code };
  if (SPENT.has(code)) return spent(provider, grant, code);
  if (OPERATORS.has(code) || status === 401) {
    return new ProviderFailure(provider, "misconfigured", "client_refused", details);
  }
  if (BUSY.has(code)) return new ProviderFailure(provider, "provider_unreachable", "says_busy", details);
  if (code === "access_denied") return new ProviderFailure(provider, "denied", "person_said_no", details);
  return new ProviderFailure(provider, "provider_error", "refused_at_token", details);
}

export function spent(provider: ProviderName, grant: Grant, providerCode: string): ProviderFailure {
  return grant === "code"
    ? new ProviderFailure(provider, "code_spent", "code_not_taken", { providerCode })
    : new ProviderFailure(provider, "link_lost", "refresh_token_not_taken", { providerCode });
}

/** Refuses a profile or revocation call that went wrong. */
export function refuseApiError(provider: ProviderName, answer: Answer): void {
  if (answer.status < 400 && field(answer.body, "error") === undefined) return;
  const code = text(answer.body, "error") ?? `status_${answer.status}`;
  throw new ProviderFailure(provider, "provider_error", "refused_at_profile", { providerCode: code });
}
