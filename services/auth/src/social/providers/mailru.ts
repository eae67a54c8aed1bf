import { Adapter } from "./adapter.ts";
import { dotted } from "./birth-date.ts";
import { codeFrom } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import { emailAddress, given, identifier, localeTag, personName, quantity, text, webUrl } from "./json.ts";
import type { AuthorizeRequest, Callback, Profile, Provider, Revocation } from "./provider.ts";
import { type Answer, basic, type Exchange, type Surroundings } from "./provider-client.ts";
import { tokensFrom } from "./token-answer.ts";

export const MAILRU_HOSTS = { oauth: "https://oauth.mail.ru" } as const;

export interface MailruConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  readonly hosts?: Partial<Hosts<typeof MAILRU_HOSTS>>;
}

const BAD_CREDENTIALS = 3;
const TOKEN_NOT_FOUND = 6;

/**
 * OAuth Mail, for applications registered before July 2025; new ones sign Mail.ru people in through VK ID (see vk.ts,
 * `account: "mail_ru"`). There is no documented way to revoke, so no token is kept.
 */
export class Mailru extends Adapter<typeof MAILRU_HOSTS, MailruConfig> implements Provider {
  readonly callbackMethod = "GET";
  readonly usesPkce = true;
  readonly usesNonce = false;

  constructor(config: MailruConfig, surroundings: Surroundings) {
    super("mailru", MAILRU_HOSTS, config, surroundings);
  }

  authorizeUrl({ state, codeChallenge, redirectUri, fresh }: AuthorizeRequest): URL {
    return address(this.hosts.oauth, "/login", {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      scope: "userinfo",
      state,
      code_challenge: codeChallenge,
      code_challenge_method: "S256",
      prompt_force: fresh ? "1" : undefined,
    });
  }

  async finish({ params, verifier, redirectUri, signal }: Callback): Promise<Profile> {
    const code = codeFrom(params, { provider: this.name });
    const exchange = this.client.exchange(signal);
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.oauth, "/token"),
      headers: basic(this.config.clientId, this.config.clientSecret),
      form: { grant_type: "authorization_code", code, redirect_uri: redirectUri, code_verifier: verifier },
    });
    this.#refuse(answer, "token");
    const { accessToken } = tokensFrom(this.name, answer.body, this.surroundings.clock.now());
    return this.#profile(exchange, accessToken);
  }

  async revoke(): Promise<Revocation> {
    return { kind: "not_possible", because: "no_way" };
  }

  async #profile(exchange: Exchange, accessToken: string): Promise<Profile> {
    // The token goes in the query because nothing else is taken; keep this host's URLs out of logs and traces.
    const answer = await exchange.ask({
      method: "GET",
      url: address(this.hosts.oauth, "/userinfo", { access_token: accessToken }),
    });
    this.#refuse(answer, "profile");
    const { body } = answer;
    const appId = text(body, "client_id");
    if (appId !== undefined && appId !== this.config.clientId) {
      throw new ProviderFailure(this.name, "substitution", "token_of_another_app");
    }
    // `client_id` is our application. Without `id` the mailbox would be all that is left, and a mailbox changes owners.
    const subject = identifier(body, "id");
    if (subject === undefined) throw new ProviderFailure(this.name, "provider_garbage", "no_subject");
    const mailbox = emailAddress(body, "email");
    return {
      subject,
      ...given({
        name: personName(text(body, "name")) ?? personName(text(body, "first_name"), text(body, "last_name")),
        avatarUrl: webUrl(body, "image"),
        email:
          mailbox === undefined ? undefined : { address: mailbox, verifiedBy: "mailru_mailbox" as const },
        birthDate: dotted(text(body, "birthday"), this.surroundings.clock.now()),
        locale: localeTag(body, "locale"),
      }),
    };
  }

  /** Refusals come in HTTP 200 with prose in `error`; the number beside it decides. */
  #refuse({ status, body }: Answer, at: "token" | "profile"): void {
    const number = quantity(body, "error_code");
    if (status < 400 && number === undefined && text(body, "error") === undefined) return;
    const details = {
      providerCode: number === undefined ? (text(body, "error") ?? `status_${status}`) : `${number}`,
    };
    if (status === 401 || number === BAD_CREDENTIALS) {
      throw new ProviderFailure(this.name, "misconfigured", "client_refused", details);
    }
    const codeNotTaken = number === TOKEN_NOT_FOUND || text(body, "error") === "invalid_grant";
    if (at === "token" && codeNotTaken)
      throw new ProviderFailure(this.name, "code_spent", "code_not_taken", details);
    throw new ProviderFailure(this.name, "provider_error", `refused_at_${at}`, details);
  }
}
