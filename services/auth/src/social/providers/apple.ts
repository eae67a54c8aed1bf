import { createPrivateKey, type KeyObject } from "node:crypto";
import { SignJWT } from "jose";
import { Adapter } from "./adapter.ts";
import { codeFrom, single } from "./callback.ts";
import { address, type Hosts } from "./hosts.ts";
import { type Claims, verifyIdToken } from "./id-token.ts";
import { emailAddress, field, given, personName, text, truth } from "./json.ts";
import { KeySet } from "./key-set.ts";
import type {
  AuthorizeRequest,
  Callback,
  CallbackParams,
  KeptTokens,
  Profile,
  ProvidedEmail,
  Provider,
  Revocation,
  RevokeOptions,
} from "./provider.ts";
import type { Surroundings } from "./provider-client.ts";
import { refuseTokenError, tokensFrom } from "./token-answer.ts";

export const APPLE_HOSTS = { id: "https://appleid.apple.com" } as const;

export interface AppleConfig {
  /** The Services ID. */
  readonly clientId: string;
  readonly teamId: string;
  readonly keyId: string;
  /** PKCS #8 PEM of the downloaded .p8 file. */
  readonly privateKey: string;
  readonly hosts?: Partial<Hosts<typeof APPLE_HOSTS>>;
}

const ISSUER = "https://appleid.apple.com";
/** Apple allows six months; one made for each call need not outlive the call by much. */
const CLIENT_SECRET_LIFE_S = 300;

/** Reads an Apple private key. @throws when it is not a P-256 private key in PEM. */
export function applePrivateKey(pem: string): KeyObject {
  // Environment variables often carry the line ends as two characters.
  const key = createPrivateKey(pem.replaceAll("\\n", "\n"));
  if (key.asymmetricKeyType !== "ec" || key.asymmetricKeyDetails?.namedCurve !== "prime256v1") {
    throw new TypeError("not a P-256 key");
  }
  return key;
}

/**
 * Sign in with Apple. The callback is a cross-site POST (Apple insists on form_post when name or e-mail is asked for);
 * the name comes with the first consent only, unsigned, so it is good for display and nothing else.
 */
export class Apple extends Adapter<typeof APPLE_HOSTS, AppleConfig> implements Provider {
  readonly callbackMethod = "POST";
  readonly usesPkce = true;
  readonly usesNonce = true;
  readonly #privateKey: KeyObject;
  readonly #keys: KeySet;

  constructor(config: AppleConfig, surroundings: Surroundings) {
    super("apple", APPLE_HOSTS, config, surroundings);
    this.#privateKey = applePrivateKey(config.privateKey);
    this.#keys = new KeySet(this.name, address(this.hosts.id, "/auth/keys").href, surroundings);
  }

  authorizeUrl({ state, nonce, codeChallenge, redirectUri, locale }: AuthorizeRequest): URL {
    return address(this.hosts.id, "/auth/authorize", {
      response_type: "code",
      response_mode: "form_post",
      client_id: this.config.clientId,
      redirect_uri: redirectUri,
      scope: "name email",
      state,
      nonce,
      code_challenge: codeChallenge,
      code_challenge_method: "S256",
      locale: locale === undefined ? undefined : { ru: "ru_RU", en: "en_US" }[locale],
    });
  }

  async finish({ params, verifier, nonce, redirectUri, signal }: Callback): Promise<Profile> {
    const code = codeFrom(params, {
      provider: this.name,
      issuers: [ISSUER],
      ignoresFrontChannelIdToken: true,
    });
    const exchange = this.client.exchange(signal);
    const answer = await exchange.ask({
      method: "POST",
      url: address(this.hosts.id, "/auth/token"),
      form: {
        grant_type: "authorization_code",
        code,
        redirect_uri: redirectUri,
        code_verifier: verifier,
        client_id: this.config.clientId,
        client_secret: await this.#clientSecret(),
      },
    });
    refuseTokenError(this.name, answer, "code");
    const tokens = tokensFrom(this.name, answer.body, this.surroundings.clock.now());
    const claims = await verifyIdToken(tokens.idToken, {
      provider: this.name,
      keys: this.#keys,
      issuers: [ISSUER],
      clientId: this.config.clientId,
      algorithms: ["RS256"],
      nonce,
      clock: this.surroundings.clock,
      signal: exchange.signal,
    });
    const { accessToken, refreshToken, expiresAt } = tokens;
    return {
      subject: claims.sub,
      ...given({ name: nameIn(params), email: emailOf(claims) }),
      tokensForUnlink: { accessToken, ...given({ refreshToken, expiresAt }) },
    };
  }

  async revoke(tokens: KeptTokens, options: RevokeOptions = {}): Promise<Revocation> {
    const token = tokens.refreshToken ?? tokens.accessToken;
    if (token === undefined) return { kind: "not_possible", because: "no_token" };
    // 200 whether or not Apple knew the token.
    const answer = await this.client.exchange(options.signal).tell({
      method: "POST",
      url: address(this.hosts.id, "/auth/revoke"),
      form: {
        token,
        token_type_hint: tokens.refreshToken === undefined ? "access_token" : "refresh_token",
        client_id: this.config.clientId,
        client_secret: await this.#clientSecret(),
      },
    });
    refuseTokenError(this.name, answer, "refresh");
    return { kind: "revoked" };
  }

  #clientSecret(): Promise<string> {
    const { teamId, clientId, keyId } = this.config;
    const issuedS = Math.floor(this.surroundings.clock.now().getTime() / 1000);
    return new SignJWT()
      .setProtectedHeader({ alg: "ES256", kid: keyId })
      .setIssuer(teamId)
      .setSubject(clientId)
      .setAudience(ISSUER)
      .setIssuedAt(issuedS)
      .setExpirationTime(issuedS + CLIENT_SECRET_LIFE_S)
      .sign(this.#privateKey);
  }
}

/** `user` is typed by the browser's owner for all we know: take the name, never the e-mail. */
function nameIn(params: CallbackParams): string | undefined {
  const user = single(params, "user");
  if (user === undefined) return undefined;
  try {
    const name = field(JSON.parse(user), "name");
    return personName(text(name, "firstName"), text(name, "lastName"));
  } catch {
    return undefined;
  }
}

function emailOf(claims: Claims): ProvidedEmail | undefined {
  const mailbox = emailAddress(claims, "email");
  if (mailbox === undefined) return undefined;
  return { address: mailbox, verifiedBy: truth(claims, "email_verified") ? "apple_verified" : "nothing" };
}
