import { Adapter } from "./adapter.ts";
import { dotted } from "./birth-date.ts";
import { codeFrom, single, stateIn } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import { emailAddress, field, given, identifier, isObject, personName, text, webUrl } from "./json.ts";
import type {
  AuthorizeRequest,
  Callback,
  CallbackParams,
  KeptTokens,
  Profile,
  Provider,
  Revocation,
  RevokeOptions,
} from "./provider.ts";
import type { Answer, Exchange, Surroundings } from "./provider-client.ts";
import { type Grant, hasExpired, mergeTokens, refuseTokenError, tokensFrom } from "./token-answer.ts";
import { isDeadToken, unpacked, vkFields, vkReading } from "./vk-wording.ts";

export const VK_HOSTS = { id: "https://id.vk.ru" } as const;

export interface VkConfig {
  /** VK ID is a public client: PKCE and device_id prove it, there is no secret to send. */
  readonly clientId: string;
  /** Whose account VK ID asks for. With `mail_ru` this adapter is the Mail.ru button (see mailru.ts for the older way). */
  readonly account?: "vkid" | "mail_ru";
  readonly hosts?: Partial<Hosts<typeof VK_HOSTS>>;
}

/** VK's numbers for interface languages. */
const LANG_ID = { ru: "0", en: "3" } as const;

/** VK ID (OAuth 2.1). Its ids are the numbers VK has always had, so people linked by the older VK sign-in are the same. */
export class Vk extends Adapter<typeof VK_HOSTS, VkConfig> implements Provider {
  readonly callbackMethod = "GET";
  readonly usesPkce = true;
  readonly usesNonce = false;

  constructor(config: VkConfig, surroundings: Surroundings) {
    super(config.account === "mail_ru" ? "mailru" : "vk", VK_HOSTS, config, surroundings);
  }

  override stateOf(params: CallbackParams) {
    return stateIn(unpacked(params));
  }

  authorizeUrl({ state, codeChallenge, redirectUri, locale, fresh }: AuthorizeRequest): URL {
    return address(this.hosts.id, "/authorize", {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      state,
      code_challenge: codeChallenge,
      // The vendor documents `s256` and takes the RFC's spelling, which everybody else sends.
      code_challenge_method: "S256",
      scope: "vkid.personal_info email",
      provider: this.config.account === "mail_ru" ? "mail_ru" : undefined,
      prompt: fresh ? "login" : undefined,
      lang_id: locale === undefined ? undefined : LANG_ID[locale],
    });
  }

  async finish({ params, state, verifier, redirectUri, signal }: Callback): Promise<Profile> {
    const fields = vkFields(this.name, params, state);
    const code = codeFrom(fields, { provider: this.name });
    const deviceId = single(fields, "device_id");
    if (deviceId === undefined) throw new ProviderFailure(this.name, "bad_callback", "no_device_id");

    const exchange = this.client.exchange(signal);
    const answer = await this.#token(exchange, "code", {
      grant_type: "authorization_code",
      code,
      code_verifier: verifier,
      device_id: deviceId,
      redirect_uri: redirectUri,
      state,
    });
    const tokens = tokensFrom(this.name, answer.body, this.surroundings.clock.now());
    // VK echoes the state posted with the code; another one belongs to another sign-in.
    if (field(answer.body, "state") !== state) {
      throw new ProviderFailure(this.name, "substitution", "token_state");
    }
    const profile = await this.#profile(exchange, tokens.accessToken, identifier(answer.body, "user_id"));
    const { accessToken, refreshToken, expiresAt } = tokens;
    return { ...profile, tokensForUnlink: { accessToken, deviceId, ...given({ refreshToken, expiresAt }) } };
  }

  async refresh(tokens: KeptTokens, options: { readonly signal?: AbortSignal } = {}): Promise<KeptTokens> {
    return this.#refreshed(this.client.exchange(options.signal), tokens);
  }

  async revoke(tokens: KeptTokens, { keep, signal }: RevokeOptions = {}): Promise<Revocation> {
    const exchange = this.client.exchange(signal);
    let current = tokens;
    if (current.accessToken === undefined || hasExpired(current, this.surroundings.clock.now())) {
      if (current.refreshToken === undefined) return { kind: "not_possible", because: "token_expired" };
      if (current.deviceId === undefined) return { kind: "not_possible", because: "no_device" };
      try {
        current = await this.#refreshed(exchange, current);
      } catch (error) {
        if (error instanceof ProviderFailure && error.kind === "link_lost") return { kind: "already_gone" };
        throw error;
      }
      await keep?.(current);
    }
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.id, "/oauth2/revoke"),
      form: { access_token: current.accessToken, client_id: this.config.clientId },
    });
    if (isDeadToken(answer)) return { kind: "already_gone" };
    refuseTokenError(this.name, answer, "refresh");
    return { kind: "revoked" };
  }

  async #refreshed(exchange: Exchange, tokens: KeptTokens): Promise<KeptTokens> {
    const { refreshToken, deviceId } = tokens;
    if (refreshToken === undefined || deviceId === undefined) {
      throw new ProviderFailure(this.name, "link_lost", "nothing_to_refresh_with");
    }
    const answer = await this.#token(exchange, "refresh", {
      grant_type: "refresh_token",
      refresh_token: refreshToken,
      device_id: deviceId,
    });
    const fresh = tokensFrom(this.name, answer.body, this.surroundings.clock.now());
    return mergeTokens(tokens, {
      accessToken: fresh.accessToken,
      ...given({ refreshToken: fresh.refreshToken, expiresAt: fresh.expiresAt }),
    });
  }

  async #token(exchange: Exchange, grant: Grant, form: Record<string, string>): Promise<Answer> {
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.id, "/oauth2/auth"),
      form: { ...form, client_id: this.config.clientId },
    });
    refuseTokenError(this.name, answer, grant, (error, description) =>
      vkReading(this.name, grant, error, description),
    );
    return answer;
  }

  async #profile(exchange: Exchange, accessToken: string, tokenUserId: string | undefined): Promise<Profile> {
    // A POST with the token in the body: a Bearer GET is not documented, and the token looks like a JWT but is not ours to read.
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.id, "/oauth2/user_info"),
      form: { access_token: accessToken, client_id: this.config.clientId },
    });
    refuseTokenError(this.name, answer, "code");
    const user = field(answer.body, "user");
    if (!isObject(user)) throw new ProviderFailure(this.name, "provider_garbage", "no_user");
    const id = this.#subject(identifier(user, "user_id"), tokenUserId);
    const address_ = emailAddress(user, "email");
    return {
      // Mail.ru people who come through VK ID must never meet the ids of Mail.ru's own sign-in.
      subject: this.name === "mailru" ? `vkid:${id}` : id,
      ...given({
        name: personName(text(user, "first_name"), text(user, "last_name")),
        avatarUrl: webUrl(user, "avatar"),
        // `verified` is the account's badge; nothing says that the address was confirmed.
        email: address_ === undefined ? undefined : { address: address_, verifiedBy: "nothing" as const },
        birthDate: dotted(text(user, "birthday"), this.surroundings.clock.now()),
      }),
    };
  }

  /** The same id comes as a number with the token and as a string with the profile; fields outside the scope are absent. */
  #subject(fromProfile: string | undefined, fromToken: string | undefined): string {
    const id = fromProfile ?? fromToken;
    if (id === undefined) throw new ProviderFailure(this.name, "provider_garbage", "no_subject");
    if (fromToken !== undefined && fromToken !== id) {
      throw new ProviderFailure(this.name, "substitution", "profile_of_another_person");
    }
    return id;
  }
}
