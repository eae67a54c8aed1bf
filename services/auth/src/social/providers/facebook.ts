import { createHmac } from "node:crypto";
import { Adapter } from "./adapter.ts";
import { slashed } from "./birth-date.ts";
import { codeFrom } from "./callback.ts";
import { refuseFacebookError } from "./facebook-errors.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import { emailAddress, field, given, identifier, personName, quantity, text, webUrl } from "./json.ts";
import type {
  AuthorizeRequest,
  Callback,
  KeptTokens,
  Profile,
  Provider,
  Revocation,
  RevokeOptions,
} from "./provider.ts";
import type { Exchange, Surroundings } from "./provider-client.ts";
import { hasExpired, type Tokens, tokensFrom } from "./token-answer.ts";

export const FACEBOOK_HOSTS = {
  www: "https://www.facebook.com",
  graph: "https://graph.facebook.com",
} as const;
/** Lives two years or so; calls to a dead one silently fall to the oldest alive, hence configuration. */
export const FACEBOOK_API_VERSION = "v26.0";

export interface FacebookConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  /** For example `v26.0`. */
  readonly apiVersion?: string;
  /** Asks for user_birthday and user_age_range: both need App Review. */
  readonly birthday?: boolean;
  readonly hosts?: Partial<Hosts<typeof FACEBOOK_HOSTS>>;
}

/** Tokens shorter than this are changed for one of sixty days, or unlinking later could not revoke. */
const SHORT_LIFE_MS = 24 * 3_600_000;

/** Facebook Login: OAuth 2.0 before the RFC, on the Graph API. */
export class Facebook extends Adapter<typeof FACEBOOK_HOSTS, FacebookConfig> implements Provider {
  readonly callbackMethod = "GET";
  readonly usesPkce = false;
  readonly usesNonce = false;

  constructor(config: FacebookConfig, surroundings: Surroundings) {
    super("facebook", FACEBOOK_HOSTS, config, surroundings);
  }

  authorizeUrl({ state, redirectUri, fresh }: AuthorizeRequest): URL {
    return address(this.hosts.www, `/${this.#version}/dialog/oauth`, {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      scope: [
        "public_profile",
        "email",
        ...(this.config.birthday ? ["user_birthday", "user_age_range"] : []),
      ].join(","),
      state,
      auth_type: fresh ? "reauthenticate" : undefined,
    });
  }

  async finish({ params, redirectUri, signal }: Callback): Promise<Profile> {
    const code = codeFrom(params, { provider: this.name });
    const exchange = this.client.exchange(signal);
    const tokens = await this.#tokens(exchange, { code, redirect_uri: redirectUri });
    const [profile, owner] = await Promise.all([
      this.#profile(exchange, tokens.accessToken),
      this.#owner(exchange, tokens.accessToken),
    ]);
    if (owner !== profile.subject) {
      throw new ProviderFailure(this.name, "substitution", "token_of_another_person");
    }
    const { accessToken, expiresAt } = await this.#longLived(exchange, tokens);
    return {
      ...profile,
      tokensForUnlink: { accessToken, subject: profile.subject, ...given({ expiresAt }) },
    };
  }

  async revoke(tokens: KeptTokens, options: RevokeOptions = {}): Promise<Revocation> {
    const { accessToken, subject } = tokens;
    if (accessToken === undefined || subject === undefined)
      return { kind: "not_possible", because: "no_token" };
    if (hasExpired(tokens, this.surroundings.clock.now()))
      return { kind: "not_possible", because: "token_expired" };
    try {
      // Answers {"success":true}, or a bare `true` from older versions.
      const answer = await this.client.exchange(options.signal).tell({
        method: "DELETE",
        url: this.#graph(`/${encodeURIComponent(subject)}/permissions`, {
          appsecret_proof: this.#proof(accessToken),
        }),
        headers: { authorization: `Bearer ${accessToken}` },
      });
      refuseFacebookError(answer);
      return { kind: "revoked" };
    } catch (error) {
      if (error instanceof ProviderFailure && error.kind === "link_lost") return { kind: "already_gone" };
      throw error;
    }
  }

  async #tokens(exchange: Exchange, form: Record<string, string>): Promise<Tokens> {
    // A POST keeps the secret out of URLs; Facebook documents GET and takes both.
    const answer = await exchange.ask({
      method: "POST",
      url: this.#graph("/oauth/access_token"),
      form: { client_id: this.config.clientId, client_secret: this.config.clientSecret, ...form },
    });
    refuseFacebookError(answer);
    return tokensFrom(this.name, answer.body, this.surroundings.clock.now());
  }

  /** There are no refresh tokens; a short-lived token is exchanged once. A convenience: failing costs only the revocation. */
  async #longLived(exchange: Exchange, tokens: Tokens): Promise<Tokens> {
    const { expiresAt, accessToken } = tokens;
    if (
      expiresAt === undefined ||
      expiresAt.getTime() - this.surroundings.clock.now().getTime() > SHORT_LIFE_MS
    ) {
      return tokens;
    }
    try {
      return await this.#tokens(exchange, {
        grant_type: "fb_exchange_token",
        fb_exchange_token: accessToken,
      });
    } catch (error) {
      if (error instanceof ProviderFailure) return tokens;
      throw error;
    }
  }

  /** /me answers for a token of any app, so whose token it is must be asked (substitution). */
  async #owner(exchange: Exchange, accessToken: string): Promise<string> {
    const { clientId, clientSecret } = this.config;
    const answer = await exchange.ask({
      method: "GET",
      url: this.#graph("/debug_token", {
        input_token: accessToken,
        access_token: `${clientId}|${clientSecret}`,
      }),
    });
    refuseFacebookError(answer);
    const data = field(answer.body, "data");
    const type = text(data, "type");
    if (
      field(data, "is_valid") !== true ||
      identifier(data, "app_id") !== clientId ||
      (type ?? "USER") !== "USER"
    ) {
      throw new ProviderFailure(this.name, "substitution", "token_of_another_app");
    }
    const owner = identifier(data, "user_id");
    if (owner === undefined) throw new ProviderFailure(this.name, "substitution", "token_of_nobody");
    return owner;
  }

  async #profile(exchange: Exchange, accessToken: string): Promise<Profile> {
    const fields = ["id", "name", "first_name", "last_name", "email", "picture.width(200)"];
    if (this.config.birthday) fields.push("birthday", "age_range");
    const answer = await exchange.ask({
      method: "GET",
      url: this.#graph("/me", { fields: fields.join(","), appsecret_proof: this.#proof(accessToken) }),
      headers: { authorization: `Bearer ${accessToken}` },
    });
    refuseFacebookError(answer);
    const { body } = answer;
    const subject = identifier(body, "id");
    if (subject === undefined) throw new ProviderFailure(this.name, "provider_garbage", "no_subject");
    const mailbox = emailAddress(body, "email");
    const picture = field(field(body, "picture"), "data");
    return {
      subject,
      ...given({
        name: personName(text(body, "name")) ?? personName(text(body, "first_name"), text(body, "last_name")),
        avatarUrl: field(picture, "is_silhouette") === true ? undefined : webUrl(picture, "url"),
        email: mailbox === undefined ? undefined : { address: mailbox, verifiedBy: "nothing" as const },
        birthDate: slashed(text(body, "birthday"), this.surroundings.clock.now()),
        ageAtLeast: quantity(field(body, "age_range"), "min"),
      }),
    };
  }

  #graph(path: string, query: Record<string, string> = {}): URL {
    return address(this.hosts.graph, `/${this.#version}${path}`, query);
  }

  #proof(accessToken: string): string {
    return createHmac("sha256", this.config.clientSecret).update(accessToken).digest("hex");
  }

  get #version(): string {
    return this.config.apiVersion ?? FACEBOOK_API_VERSION;
  }
}
