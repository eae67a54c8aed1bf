/**
 * Social providers: what signing in with one gives, behind one interface.
 *
 * An adapter is protocol and nothing else. It keeps no state between the two halves of a sign-in: whoever calls it
 * makes `state`, `nonce` and the PKCE verifier, binds them to browser, provider and purpose, burns them on first use,
 * and hands them back to `finish`. Identity is the pair (provider, subject); an e-mail is only ever a hint.
 */

export const PROVIDER_NAMES = [
  "yandex",
  "vk",
  "mailru",
  "google",
  "facebook",
  "x",
  "odnoklassniki",
  "telegram",
  "apple",
] as const;
export type ProviderName = (typeof PROVIDER_NAMES)[number];

export interface Clock {
  now(): Date;
}

export interface AuthorizeRequest {
  /** 32–43 characters of base64url: VK takes no dots and no padding in it. */
  readonly state: string;
  readonly nonce: string;
  /** base64url(SHA-256(verifier)), RFC 7636 §4.2. Adapters whose provider has no PKCE leave it out. */
  readonly codeChallenge: string;
  /** The one registered string of this provider; the same goes to `finish`. */
  readonly redirectUri: string;
  readonly locale?: "ru" | "en";
  /** Ask the provider to show its page even to a person it knows; providers without such a switch ignore it. */
  readonly fresh?: boolean;
}

/** Query or form fields as the framework parsed them. A repeated field comes as an array and is refused. */
export type CallbackParams = Readonly<Record<string, unknown>>;

export interface Callback {
  readonly params: CallbackParams;
  /** The state of the flow this callback was matched to (see `Provider.stateOf`). */
  readonly state: string;
  readonly verifier: string;
  readonly nonce: string;
  readonly redirectUri: string;
  /** Aborts when the viewer leaves. The adapter's own deadline holds beside it. */
  readonly signal?: AbortSignal;
}

/** Why an address may be taken as confirmed. `nothing`: show it as a suggestion only. */
export type EmailRule =
  | "yandex_mailbox"
  | "mailru_mailbox"
  | "google_authoritative"
  | "x_confirmed"
  | "apple_verified"
  | "nothing";

export interface ProvidedEmail {
  readonly address: string;
  readonly verifiedBy: EmailRule;
}

export interface BirthDate {
  readonly year?: number;
  readonly month?: number;
  readonly day?: number;
  /** `day` is a whole date; `yearless` has month and day and must never prove an age. */
  readonly precision: "day" | "month" | "year" | "yearless";
}

/** What unlinking needs later. Secrets: encrypt at rest, keep out of logs, traces and URLs. */
export interface KeptTokens {
  readonly accessToken?: string;
  readonly refreshToken?: string;
  /** When the access token runs out, if the provider said so. */
  readonly expiresAt?: Date;
  /** VK ID and Yandex revoke and refresh only together with the device the token was issued to. */
  readonly deviceId?: string;
  /** Facebook addresses a permission by the person it was given by. */
  readonly subject?: string;
}

export interface Profile {
  /** Exact and opaque, 1–255 printable ASCII characters; never a number, never an e-mail. */
  readonly subject: string;
  readonly name?: string;
  readonly avatarUrl?: string;
  /** Absent for a person without an address, which is normal everywhere but Google and Mail.ru. */
  readonly email?: ProvidedEmail;
  readonly birthDate?: BirthDate;
  /** Full years the provider vouches for when it gives an age without a date. */
  readonly ageAtLeast?: number;
  /** BCP 47, for example `ru` or `ru-RU`. */
  readonly locale?: string;
  readonly tokensForUnlink?: KeptTokens;
}

export type Revocation =
  | { readonly kind: "revoked" }
  /** The provider no longer knows the token: the person removed the app there, or it ran out. */
  | { readonly kind: "already_gone" }
  /** The provider has no way, or the token kept is no longer good for it: point the person to the provider's settings. */
  | {
      readonly kind: "not_possible";
      readonly because: "no_way" | "token_expired" | "no_token" | "no_device";
    };

export interface RevokeOptions {
  /** Called with rotated tokens before they are used, so that a crash in between does not lose the link. */
  readonly keep?: (rotated: KeptTokens) => Promise<void>;
  readonly signal?: AbortSignal;
}

export interface ProviderHealth {
  readonly state: "up" | "down";
  /** How long until the provider is tried again; 0 when up. */
  readonly retryAfterMs: number;
}

export interface Provider {
  readonly name: ProviderName;
  /** `POST` is cross-site: a SameSite=Lax cookie is not sent with it. */
  readonly callbackMethod: "GET" | "POST";
  readonly usesPkce: boolean;
  readonly usesNonce: boolean;
  health(): ProviderHealth;
  /** Where in the callback this provider puts the state; undefined when it is missing or malformed. */
  stateOf(params: CallbackParams): string | undefined;
  authorizeUrl(request: AuthorizeRequest): URL;
  /** Turns a callback into a person. @throws ProviderFailure, whose `kind` says what to tell the viewer. */
  finish(callback: Callback): Promise<Profile>;
  /** Takes our permission back at the provider. @throws ProviderFailure when it could not be asked. */
  revoke(tokens: KeptTokens, options?: RevokeOptions): Promise<Revocation>;
  /**
   * Swaps kept tokens for fresh ones, where unlinking needs that. Refresh tokens of VK ID and X work once: hold a lock
   * on the link. @throws ProviderFailure `link_lost` when the provider no longer takes them.
   */
  refresh?(tokens: KeptTokens, options?: { readonly signal?: AbortSignal }): Promise<KeptTokens>;
}
