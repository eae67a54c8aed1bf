import { Adapter } from "./adapter.ts";
import { codeFrom } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import { emailAddress, field, given, identifier, personName, text, webUrl } from "./json.ts";
import type {
  AuthorizeRequest,
  Callback,
  KeptTokens,
  Profile,
  Provider,
  Revocation,
  RevokeOptions,
} from "./provider.ts";
import { type Answer, basic, type Exchange, type Surroundings } from "./provider-client.ts";
import {
  type Grant,
  hasExpired,
  mergeTokens,
  refuseTokenError,
  spent,
  type Tokens,
  tokensFrom,
} from "./token-answer.ts";

export const X_HOSTS = { www: "https://x.com", api: "https://api.x.com" } as const;

export interface XConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Asks for users.email; "Request email from users" must be on in the app's settings, or X refuses the whole call. */
  readonly email?: boolean;
  readonly hosts?: Partial<Hosts<typeof X_HOSTS>>;
}

/** The one sign of a code or token that is used, late or unknown: the error word beside it is `invalid_request`. */
const SPENT_WORDS = /value passed for the (authorization code|token) was invalid/i;

/**
 * X, OAuth 2.0 for a confidential app. A code lives 30 seconds, so `finish` must run in the callback itself; every read of
 * a profile is billed, so there is exactly one a sign-in.
 */
export class X extends Adapter<typeof X_HOSTS, XConfig> implements Provider {
  readonly callbackMethod = "GET";
  readonly usesPkce = true;
  readonly usesNonce = false;

  constructor(config: XConfig, surroundings: Surroundings) {
    super("x", X_HOSTS, config, surroundings);
  }

  authorizeUrl({ state, codeChallenge, redirectUri }: AuthorizeRequest): URL {
    // tweet.read is needed to read even one's own profile; offline.access gives what unlinking revokes with.
    const scopes = [
      "users.read",
      "tweet.read",
      "offline.access",
      ...(this.config.email === false ? [] : ["users.email"]),
    ];
    return address(this.hosts.www, "/i/oauth2/authorize", {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      scope: scopes.join(" "),
      state,
      code_challenge: codeChallenge,
      code_challenge_method: "S256",
    });
  }

  async finish({ params, verifier, redirectUri, signal }: Callback): Promise<Profile> {
    const code = codeFrom(params, { provider: this.name });
    const exchange = this.client.exchange(signal);
    const tokens = await this.#tokens(exchange, "code", {
      grant_type: "authorization_code",
      code,
      redirect_uri: redirectUri,
      code_verifier: verifier,
    });
    const { accessToken, refreshToken, expiresAt } = tokens;
    const kept = { accessToken, ...given({ refreshToken, expiresAt }) };
    return { ...(await this.#profile(exchange, accessToken)), tokensForUnlink: kept };
  }

  async refresh(tokens: KeptTokens, options: { readonly signal?: AbortSignal } = {}): Promise<KeptTokens> {
    return this.#refreshed(this.client.exchange(options.signal), tokens);
  }

  async revoke(tokens: KeptTokens, { keep, signal }: RevokeOptions = {}): Promise<Revocation> {
    const exchange = this.client.exchange(signal);
    let current = tokens;
    if (current.accessToken === undefined || hasExpired(current, this.surroundings.clock.now())) {
      if (current.refreshToken === undefined) return { kind: "not_possible", because: "token_expired" };
      try {
        current = await this.#refreshed(exchange, current);
      } catch (error) {
        if (error instanceof ProviderFailure && error.kind === "link_lost") return { kind: "already_gone" };
        throw error;
      }
      await keep?.(current);
    }
    // The refresh token first: if the second call fails, the longer-lived of the two is already dead.
    for (const token of [current.refreshToken, current.accessToken]) {
      if (token !== undefined) await this.#revokeOne(exchange, token);
    }
    return { kind: "revoked" };
  }

  async #revokeOne(exchange: Exchange, token: string): Promise<void> {
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.api, "/2/oauth2/revoke"),
      headers: this.#basic(),
      form: { token },
    });
    // A token X no longer knows is as good as revoked.
    if (!SPENT_WORDS.test(text(answer.body, "error_description") ?? ""))
      refuseTokenError(this.name, answer, "refresh");
  }

  async #refreshed(exchange: Exchange, tokens: KeptTokens): Promise<KeptTokens> {
    if (tokens.refreshToken === undefined)
      throw new ProviderFailure(this.name, "link_lost", "no_refresh_token");
    const { accessToken, refreshToken, expiresAt } = await this.#tokens(exchange, "refresh", {
      grant_type: "refresh_token",
      refresh_token: tokens.refreshToken,
    });
    return mergeTokens(tokens, { accessToken, ...given({ refreshToken, expiresAt }) });
  }

  async #tokens(exchange: Exchange, grant: Grant, form: Record<string, string>): Promise<Tokens> {
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.api, "/2/oauth2/token"),
      headers: this.#basic(),
      form,
    });
    // X says invalid_request where others say invalid_grant.
    refuseTokenError(this.name, answer, grant, (error, description) =>
      error === "invalid_request" && SPENT_WORDS.test(description)
        ? spent(this.name, grant, error)
        : undefined,
    );
    return tokensFrom(this.name, answer.body, this.surroundings.clock.now());
  }

  async #profile(exchange: Exchange, accessToken: string): Promise<Profile> {
    const fields = ["profile_image_url", ...(this.config.email === false ? [] : ["confirmed_email"])];
    const answer = await exchange.ask({
      method: "GET",
      url: address(this.hosts.api, "/2/users/me", { "user.fields": fields.join(",") }),
      headers: { authorization: `Bearer ${accessToken}` },
    });
    this.#refuse(answer);
    // `errors` may stand beside `data` in a 200 when one field was not granted: the sign-in is good without it.
    const data = field(answer.body, "data");
    const subject = text(data, "id") === undefined ? undefined : identifier(data, "id");
    if (subject === undefined) throw new ProviderFailure(this.name, "provider_garbage", "no_subject");
    const confirmed = emailAddress(data, "confirmed_email");
    return {
      subject,
      ...given({
        name: personName(text(data, "name") ?? text(data, "username")),
        avatarUrl: webUrl(data, "profile_image_url"),
        email:
          confirmed === undefined ? undefined : { address: confirmed, verifiedBy: "x_confirmed" as const },
      }),
    };
  }

  /** API errors are RFC 7807 problems, not OAuth errors. */
  #refuse({ status, body }: Answer): void {
    if (status < 400) return;
    const reason = text(body, "reason");
    const details = { providerCode: reason ?? `status_${status}` };
    const operators = reason === "client-not-enrolled" || reason === "official-client-forbidden";
    if (operators) throw new ProviderFailure(this.name, "misconfigured", "app_not_in_a_plan", details);
    throw new ProviderFailure(this.name, "provider_error", "refused_at_profile", details);
  }

  #basic(): Record<string, string> {
    return basic(this.config.clientId, this.config.clientSecret);
  }
}
