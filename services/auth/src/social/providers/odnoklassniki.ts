import { createHash } from "node:crypto";
import { Adapter } from "./adapter.ts";
import { dashed } from "./birth-date.ts";
import { codeFrom } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import {
  emailAddress,
  field,
  given,
  identifier,
  localeTag,
  personName,
  quantity,
  text,
  webUrl,
} from "./json.ts";
import type { AuthorizeRequest, Callback, Profile, Provider, Revocation } from "./provider.ts";
import type { Answer, Exchange, Surroundings } from "./provider-client.ts";
import { refuseTokenError, tokensFrom } from "./token-answer.ts";

export const ODNOKLASSNIKI_HOSTS = { connect: "https://connect.ok.ru", api: "https://api.ok.ru" } as const;

export interface OdnoklassnikiConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  /** The third credential, `application_key`: it goes into every signed call. */
  readonly publicKey: string;
  /** Ask for GET_EMAIL, which the provider grants by letter. */
  readonly email?: boolean;
  readonly hosts?: Partial<Hosts<typeof ODNOKLASSNIKI_HOSTS>>;
}

const SESSION_EXPIRED = 102;
const BAD_KEY = 101;
const BAD_SIGNATURE = 104;
const SERVICE_AWAY = 2;

/** Odnoklassniki: OAuth to sign in, then calls signed with MD5. No PKCE, no documented revocation, so no token is kept. */
export class Odnoklassniki
  extends Adapter<typeof ODNOKLASSNIKI_HOSTS, OdnoklassnikiConfig>
  implements Provider
{
  readonly callbackMethod = "GET";
  readonly usesPkce = false;
  readonly usesNonce = false;

  constructor(config: OdnoklassnikiConfig, surroundings: Surroundings) {
    super("odnoklassniki", ODNOKLASSNIKI_HOSTS, config, surroundings);
  }

  authorizeUrl({ state, redirectUri }: AuthorizeRequest): URL {
    return address(this.hosts.connect, "/oauth/authorize", {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      // Separated by semicolons, not by spaces.
      scope: ["VALUABLE_ACCESS", ...(this.config.email ? ["GET_EMAIL"] : [])].join(";"),
      layout: "w",
      state,
    });
  }

  async finish({ params, redirectUri, signal }: Callback): Promise<Profile> {
    const code = codeFrom(params, { provider: this.name });
    const exchange = this.client.exchange(signal);
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.api, "/oauth/token.do"),
      form: {
        grant_type: "authorization_code",
        code,
        redirect_uri: redirectUri,
        client_id: this.config.clientId,
        client_secret: this.config.clientSecret,
      },
    });
    this.#refuse(answer);
    refuseTokenError(this.name, answer, "code");
    const { accessToken } = tokensFrom(this.name, answer.body, this.surroundings.clock.now());
    return this.#profile(exchange, accessToken);
  }

  async revoke(): Promise<Revocation> {
    return { kind: "not_possible", because: "no_way" };
  }

  async #profile(exchange: Exchange, accessToken: string): Promise<Profile> {
    const params = {
      application_key: this.config.publicKey,
      format: "json",
      method: "users.getCurrentUser",
    };
    // A POST takes the same fields and keeps the token out of the address.
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.api, "/fb.do"),
      form: {
        ...params,
        access_token: accessToken,
        sig: signature(params, accessToken, this.config.clientSecret),
      },
    });
    this.#refuse(answer);
    const { body } = answer;
    const subject = identifier(body, "uid");
    if (subject === undefined) throw new ProviderFailure(this.name, "provider_garbage", "no_subject");
    const mailbox = emailAddress(body, "email");
    const set = field(body, "birthdaySet") !== false;
    const birthDate = set ? dashed(text(body, "birthday"), this.surroundings.clock.now()) : undefined;
    return {
      subject,
      ...given({
        name: personName(text(body, "name")) ?? personName(text(body, "first_name"), text(body, "last_name")),
        avatarUrl: webUrl(body, "pic_3") ?? webUrl(body, "pic_2"),
        // `has_email` says that they have one, not that we were given it, and nothing says it was confirmed.
        email: mailbox === undefined ? undefined : { address: mailbox, verifiedBy: "nothing" as const },
        birthDate,
        // The two can contradict each other; the date, which a person typed, is then the more careful one.
        ageAtLeast: birthDate === undefined && set ? quantity(body, "age") : undefined,
        locale: localeTag(body, "locale"),
      }),
    };
  }

  /** API errors come in HTTP 200 as error_code and error_msg. */
  #refuse({ body }: Answer): void {
    const code = quantity(body, "error_code");
    if (code === undefined) return;
    const details = { providerCode: `${code}` };
    if (code === SERVICE_AWAY)
      throw new ProviderFailure(this.name, "provider_unreachable", "says_busy", details);
    if (code === BAD_KEY || code === BAD_SIGNATURE) {
      throw new ProviderFailure(this.name, "misconfigured", "client_refused", details);
    }
    const because = code === SESSION_EXPIRED ? "session_expired" : "refused";
    throw new ProviderFailure(this.name, "provider_error", because, details);
  }
}

/** md5(sorted "k=v" run together + md5(access_token + client_secret)); the access token itself is not signed. */
export function signature(
  params: Readonly<Record<string, string>>,
  accessToken: string,
  clientSecret: string,
): string {
  const sessionSecret = md5(accessToken + clientSecret);
  const pairs = Object.entries(params)
    .map(([key, value]) => `${key}=${value}`)
    .sort();
  return md5(pairs.join("") + sessionSecret);
}

/** Their protocol's choice: it guards a call that TLS already guards. */
function md5(message: string): string {
  return createHash("md5").update(message).digest("hex");
}
