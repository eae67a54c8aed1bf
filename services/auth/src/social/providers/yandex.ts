import { createHash } from "node:crypto";
import { Adapter } from "./adapter.ts";
import { dashed } from "./birth-date.ts";
import { codeFrom } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import {
  domainOf,
  emailAddress,
  field,
  given,
  identifier,
  type JsonObject,
  personName,
  text,
} from "./json.ts";
import type {
  AuthorizeRequest,
  Callback,
  KeptTokens,
  Profile,
  ProvidedEmail,
  Provider,
  Revocation,
  RevokeOptions,
} from "./provider.ts";
import { basic, type Exchange, type Surroundings } from "./provider-client.ts";
import {
  hasExpired,
  mergeTokens,
  refuseApiError,
  refuseTokenError,
  type Tokens,
  tokensFrom,
} from "./token-answer.ts";

export const YANDEX_HOSTS = {
  oauth: "https://oauth.yandex.ru",
  login: "https://login.yandex.ru",
  avatars: "https://avatars.yandex.net",
} as const;

export interface YandexConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly hosts?: Partial<Hosts<typeof YANDEX_HOSTS>>;
}

/** Mailboxes that Yandex itself runs: there the address and the account are the same thing. Other addresses are hints. */
const OWN_MAIL: ReadonlySet<string> = new Set(["yandex.ru", "ya.ru", "yandex.com", "yandex.by", "yandex.kz"]);

/** Yandex ID: OAuth 2.0 without OpenID Connect. */
export class Yandex extends Adapter<typeof YANDEX_HOSTS, YandexConfig> implements Provider {
  readonly callbackMethod = "GET";
  readonly usesPkce = true;
  readonly usesNonce = false;

  constructor(config: YandexConfig, surroundings: Surroundings) {
    super("yandex", YANDEX_HOSTS, config, surroundings);
  }

  authorizeUrl({ state, codeChallenge, redirectUri, fresh }: AuthorizeRequest): URL {
    return address(this.hosts.oauth, "/authorize", {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      state,
      code_challenge: codeChallenge,
      code_challenge_method: "S256",
      device_id: deviceIdOf(state),
      device_name: "Kinopass",
      force_confirm: fresh ? "yes" : undefined,
    });
  }

  async finish({ params, state, verifier, redirectUri, signal }: Callback): Promise<Profile> {
    const code = codeFrom(params, { provider: this.name });
    const exchange = this.client.exchange(signal);
    const deviceId = deviceIdOf(state);
    const tokens = await this.#tokens(exchange, "code", {
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      redirect_uri: redirectUri,
      device_id: deviceId,
      device_name: "Kinopass",
    });
    const { accessToken, refreshToken, expiresAt } = tokens;
    const kept = { accessToken, deviceId, ...given({ refreshToken, expiresAt }) };
    return { ...(await this.#profile(exchange, accessToken)), tokensForUnlink: kept };
  }

  async refresh(tokens: KeptTokens, options: { readonly signal?: AbortSignal } = {}): Promise<KeptTokens> {
    if (tokens.refreshToken === undefined)
      throw new ProviderFailure(this.name, "link_lost", "no_refresh_token");
    const { accessToken, refreshToken, expiresAt } = await this.#tokens(
      this.client.exchange(options.signal),
      "refresh",
      { grant_type: "refresh_token", refresh_token: tokens.refreshToken },
    );
    // The same access token may come back, only with a later end.
    return mergeTokens(tokens, { accessToken, ...given({ refreshToken, expiresAt }) });
  }

  async revoke(tokens: KeptTokens, options: RevokeOptions = {}): Promise<Revocation> {
    if (tokens.accessToken === undefined) return { kind: "not_possible", because: "no_token" };
    // Access and refresh token share one lifetime, so a token that ran out cannot be exchanged for a live one.
    if (hasExpired(tokens, this.surroundings.clock.now())) return { kind: "already_gone" };
    const answer = await this.client.exchange(options.signal).ask({
      method: "POST",
      url: address(this.hosts.oauth, "/revoke_token"),
      form: {
        access_token: tokens.accessToken,
        client_id: this.config.clientId,
        client_secret: this.config.clientSecret,
      },
    });
    const error = text(answer.body, "error");
    if (error === "unsupported_token_type") return { kind: "not_possible", because: "no_device" };
    if (error === "invalid_grant" || error === "invalid_token") return { kind: "already_gone" };
    refuseTokenError(this.name, answer, "refresh");
    return { kind: "revoked" };
  }

  async #tokens(
    exchange: Exchange,
    grant: "code" | "refresh",
    form: Record<string, string>,
  ): Promise<Tokens> {
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.oauth, "/token"),
      headers: basic(this.config.clientId, this.config.clientSecret),
      form,
    });
    refuseTokenError(this.name, answer, grant);
    return tokensFrom(this.name, answer.body, this.surroundings.clock.now());
  }

  async #profile(exchange: Exchange, accessToken: string): Promise<Profile> {
    const answer = await exchange.ask({
      method: "GET",
      url: address(this.hosts.login, "/info", { format: "json" }),
      headers: { authorization: `OAuth ${accessToken}` },
    });
    refuseApiError(this.name, answer);
    const { body } = answer;
    // /info answers for any Yandex token, so a token of another app must be told from ours here.
    if (text(body, "client_id") !== this.config.clientId) {
      throw new ProviderFailure(this.name, "substitution", "token_of_another_app");
    }
    const subject = identifier(body, "id");
    if (subject === undefined) throw new ProviderFailure(this.name, "provider_garbage", "no_subject");
    return {
      subject,
      ...given({
        name: personName(text(body, "real_name") ?? text(body, "display_name") ?? text(body, "login")),
        avatarUrl: this.#avatar(body),
        email: emailOf(body),
        birthDate: dashed(text(body, "birthday"), this.surroundings.clock.now()),
      }),
    };
  }

  #avatar(body: JsonObject): string | undefined {
    const id = text(body, "default_avatar_id");
    if (id === undefined || !/^[\w/-]{1,200}$/.test(id) || field(body, "is_avatar_empty") === true)
      return undefined;
    return address(this.hosts.avatars, `/get-yapic/${id}/islands-200`).href;
  }
}

/** `default_email` is `""` for an account made through a social network. */
function emailOf(body: JsonObject): ProvidedEmail | undefined {
  const mailbox = emailAddress(body, "default_email");
  if (mailbox === undefined) return undefined;
  return { address: mailbox, verifiedBy: OWN_MAIL.has(domainOf(mailbox)) ? "yandex_mailbox" : "nothing" };
}

/**
 * Yandex revokes only tokens that were issued to a device. One made from the flow's state serves both halves of a
 * sign-in with nothing to store in between, and every sign-in gets its own.
 */
function deviceIdOf(state: string): string {
  return `kp-${createHash("sha256").update(`device ${state}`).digest("base64url").slice(0, 40)}`;
}
