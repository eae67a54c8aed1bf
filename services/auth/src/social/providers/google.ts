import { Adapter } from "./adapter.ts";
import { inParts } from "./birth-date.ts";
import { codeFrom } from "./callback.ts";
import { ProviderFailure } from "./failure.ts";
import { address, type Hosts } from "./hosts.ts";
import { type Claims, verifyIdToken } from "./id-token.ts";
import { domainOf, emailAddress, field, given, localeTag, personName, text, truth, webUrl } from "./json.ts";
import { KeySet } from "./key-set.ts";
import type {
  AuthorizeRequest,
  BirthDate,
  Callback,
  KeptTokens,
  Profile,
  ProvidedEmail,
  Provider,
  Revocation,
  RevokeOptions,
} from "./provider.ts";
import type { Exchange, Surroundings } from "./provider-client.ts";
import { refuseTokenError, tokensFrom } from "./token-answer.ts";

export const GOOGLE_HOSTS = {
  accounts: "https://accounts.google.com",
  oauth2: "https://oauth2.googleapis.com",
  certs: "https://www.googleapis.com",
  people: "https://people.googleapis.com",
} as const;

/** Both spellings are Google's own. */
const ISSUERS = ["https://accounts.google.com", "accounts.google.com"];
const BIRTHDAY_SCOPE = "https://www.googleapis.com/auth/user.birthday.read";

export interface GoogleConfig {
  readonly clientId: string;
  readonly clientSecret: string;
  /** Let in one Workspace domain only. */
  readonly hostedDomain?: string;
  /** Asks the People API for the birth date: a sensitive scope that Google has to approve. */
  readonly birthday?: boolean;
  /** Google's metadata promises `iss` in the callback; false accepts a callback without one (never a wrong one). */
  readonly requireIss?: boolean;
  readonly hosts?: Partial<Hosts<typeof GOOGLE_HOSTS>>;
}

/** Google, by OpenID Connect: who the person is comes from the id_token alone. */
export class Google extends Adapter<typeof GOOGLE_HOSTS, GoogleConfig> implements Provider {
  readonly callbackMethod = "GET";
  readonly usesPkce = true;
  readonly usesNonce = true;
  readonly #keys: KeySet;

  constructor(config: GoogleConfig, surroundings: Surroundings) {
    super("google", GOOGLE_HOSTS, config, surroundings);
    this.#keys = new KeySet(this.name, address(this.hosts.certs, "/oauth2/v3/certs").href, surroundings);
  }

  authorizeUrl({ state, nonce, codeChallenge, redirectUri, locale, fresh }: AuthorizeRequest): URL {
    return address(this.hosts.accounts, "/o/oauth2/v2/auth", {
      response_type: "code",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      scope: ["openid", "email", "profile", ...(this.config.birthday ? [BIRTHDAY_SCOPE] : [])].join(" "),
      state,
      nonce,
      code_challenge: codeChallenge,
      code_challenge_method: "S256",
      // For the refresh token: it outlives the hour of the access token, so unlinking can still revoke.
      access_type: "offline",
      // Google knows no prompt=login; choosing the account anew is the nearest thing.
      prompt: fresh ? "select_account" : undefined,
      hd: this.config.hostedDomain,
      hl: locale,
    });
  }

  async finish({ params, verifier, nonce, redirectUri, signal }: Callback): Promise<Profile> {
    const code = codeFrom(params, {
      provider: this.name,
      issuers: ISSUERS,
      issuerPromised: this.config.requireIss !== false,
    });
    const exchange = this.client.exchange(signal);
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.oauth2, "/token"),
      form: {
        grant_type: "authorization_code",
        code,
        code_verifier: verifier,
        redirect_uri: redirectUri,
        client_id: this.config.clientId,
        client_secret: this.config.clientSecret,
      },
    });
    refuseTokenError(this.name, answer, "code");
    const tokens = tokensFrom(this.name, answer.body, this.surroundings.clock.now());
    const claims = await this.#claims(tokens.idToken, nonce, exchange.signal);
    const birthDate = this.config.birthday ? await this.#birthDate(exchange, tokens.accessToken) : undefined;
    const { accessToken, refreshToken, expiresAt } = tokens;
    return {
      ...profileFrom(claims),
      ...given({ birthDate }),
      tokensForUnlink: { accessToken, ...given({ refreshToken, expiresAt }) },
    };
  }

  async revoke(tokens: KeptTokens, options: RevokeOptions = {}): Promise<Revocation> {
    const token = tokens.refreshToken ?? tokens.accessToken;
    if (token === undefined) return { kind: "not_possible", because: "no_token" };
    const answer = await this.client.exchange(options.signal).tell({
      method: "POST",
      url: address(this.hosts.oauth2, "/revoke"),
      form: { token },
    });
    if (answer.status === 200) return { kind: "revoked" };
    // 400 invalid_token: revoked before, or ran out. An access token alone cannot tell which.
    if (answer.status === 400) {
      return tokens.refreshToken === undefined
        ? { kind: "not_possible", because: "token_expired" }
        : { kind: "already_gone" };
    }
    throw new ProviderFailure(this.name, "provider_error", "refused_at_revoke", {
      providerCode: `${answer.status}`,
    });
  }

  async #claims(idToken: string | undefined, nonce: string, signal: AbortSignal): Promise<Claims> {
    const { clientId, hostedDomain } = this.config;
    const claims = await verifyIdToken(idToken, {
      provider: this.name,
      keys: this.#keys,
      issuers: ISSUERS,
      clientId,
      algorithms: ["RS256"],
      nonce,
      clock: this.surroundings.clock,
      signal,
    });
    // The hd parameter only suggests an account; the claim is what binds.
    if (hostedDomain !== undefined && text(claims, "hd")?.toLowerCase() !== hostedDomain.toLowerCase()) {
      throw new ProviderFailure(this.name, "denied", "outside_hosted_domain");
    }
    return claims;
  }

  /** A convenience: a sign-in never fails because the birth date could not be read. */
  async #birthDate(exchange: Exchange, accessToken: string): Promise<BirthDate | undefined> {
    try {
      const { status, body } = await exchange.ask({
        method: "GET",
        url: address(this.hosts.people, "/v1/people/me", { personFields: "birthdays" }),
        headers: { authorization: `Bearer ${accessToken}` },
      });
      const listed = status === 200 ? field(body, "birthdays") : undefined;
      const dates = (Array.isArray(listed) ? listed : [])
        .map((entry) => inParts(field(entry, "date"), this.surroundings.clock.now()))
        .filter((date) => date !== undefined);
      // The profile's entry often hides the year that the account's entry has.
      return dates.find((date) => date.precision === "day") ?? dates[0];
    } catch (error) {
      if (error instanceof ProviderFailure) return undefined;
      throw error;
    }
  }
}

function profileFrom(claims: Claims): Profile {
  return {
    subject: claims.sub,
    ...given({
      name:
        personName(text(claims, "name")) ??
        personName(text(claims, "given_name"), text(claims, "family_name")),
      avatarUrl: webUrl(claims, "picture"),
      email: emailOf(claims),
      locale: localeTag(claims, "locale"),
    }),
  };
}

/**
 * Google speaks with authority for its own mailboxes and for a Workspace domain. Another address on a Google account was
 * confirmed once and may have changed hands since.
 */
function emailOf(claims: Claims): ProvidedEmail | undefined {
  const mailbox = emailAddress(claims, "email");
  if (mailbox === undefined) return undefined;
  const authoritative = truth(claims, "email_verified") && text(claims, "hd") !== undefined;
  const own = domainOf(mailbox) === "gmail.com" && field(claims, "email_verified") !== false;
  return { address: mailbox, verifiedBy: own || authoritative ? "google_authoritative" : "nothing" };
}
