import { Adapter } from "./adapter.ts";
import { codeFrom } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import { verifyIdToken } from "./id-token.ts";
import { given, personName, text, webUrl } from "./json.ts";
import { KeySet } from "./key-set.ts";
import type { AuthorizeRequest, Callback, Profile, Provider, Revocation } from "./provider.ts";
import { basic, type Surroundings } from "./provider-client.ts";
import { refuseTokenError, tokensFrom } from "./token-answer.ts";

export const TELEGRAM_HOSTS = { oauth: "https://oauth.telegram.org" } as const;

export interface TelegramConfig {
  /** The bot's id. */
  readonly clientId: string;
  /** From BotFather's Web Login page; it is not the bot's token. */
  readonly clientSecret: string;
  readonly hosts?: Partial<Hosts<typeof TELEGRAM_HOSTS>>;
}

const ISSUERS = ["https://oauth.telegram.org"];

/** Telegram by OpenID Connect: no userinfo, no e-mail, no birth date, nothing to revoke; the id_token is all there is. */
export class Telegram extends Adapter<typeof TELEGRAM_HOSTS, TelegramConfig> implements Provider {
  readonly callbackMethod = "GET";
  readonly usesPkce = true;
  readonly usesNonce = true;
  readonly #keys: KeySet;

  constructor(config: TelegramConfig, surroundings: Surroundings) {
    super("telegram", TELEGRAM_HOSTS, config, surroundings);
    this.#keys = new KeySet(
      this.name,
      address(this.hosts.oauth, "/.well-known/jwks.json").href,
      surroundings,
    );
  }

  authorizeUrl({ state, nonce, codeChallenge, redirectUri }: AuthorizeRequest): URL {
    return address(this.hosts.oauth, "/auth", {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      scope: "openid profile",
      state,
      nonce,
      code_challenge: codeChallenge,
      code_challenge_method: "S256",
    });
  }

  async finish({ params, verifier, nonce, redirectUri, signal }: Callback): Promise<Profile> {
    // The older widget signs with SHA-256 of the bot's token and answers in the fragment: another protocol, not spoken here.
    if (Object.hasOwn(params, "tgAuthResult") || Object.hasOwn(params, "hash")) {
      throw new ProviderFailure(this.name, "bad_callback", "legacy_widget");
    }
    const code = codeFrom(params, { provider: this.name, issuers: ISSUERS });
    const exchange = this.client.exchange(signal);
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.oauth, "/token"),
      headers: basic(this.config.clientId, this.config.clientSecret),
      form: {
        grant_type: "authorization_code",
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        client_id: this.config.clientId,
      },
    });
    refuseTokenError(this.name, answer, "code");
    const { idToken } = tokensFrom(this.name, answer.body, this.surroundings.clock.now());
    const claims = await verifyIdToken(idToken, {
      provider: this.name,
      keys: this.#keys,
      issuers: ISSUERS,
      clientId: this.config.clientId,
      // The bot's owner chooses; ES256K, the fourth choice, is not offered by Web Crypto.
      algorithms: ["RS256", "ES256", "EdDSA"],
      nonce,
      clock: this.surroundings.clock,
      signal: exchange.signal,
    });
    return {
      subject: claims.sub,
      ...given({
        name: personName(text(claims, "name") ?? text(claims, "preferred_username")),
        avatarUrl: webUrl(claims, "picture"),
      }),
    };
  }

  async revoke(): Promise<Revocation> {
    return { kind: "not_possible", because: "no_way" };
  }
}
