import { APPLE_HOSTS, Apple, applePrivateKey } from "./apple.ts";
import { FACEBOOK_HOSTS, Facebook } from "./facebook.ts";
import { GOOGLE_HOSTS, Google } from "./google.ts";
import { given } from "./json.ts";
import { MAILRU_HOSTS, Mailru } from "./mailru.ts";
import { ODNOKLASSNIKI_HOSTS, Odnoklassniki } from "./odnoklassniki.ts";
import { PROVIDER_NAMES, type Provider, type ProviderName } from "./provider.ts";
import type { Surroundings } from "./provider-client.ts";
import { ProviderSettings } from "./provider-settings.ts";
import { TELEGRAM_HOSTS, Telegram } from "./telegram.ts";
import { VK_HOSTS, Vk } from "./vk.ts";
import { X, X_HOSTS } from "./x.ts";
import { YANDEX_HOSTS, Yandex } from "./yandex.ts";

export type Settings = Readonly<Record<string, string | undefined>>;

export interface Catalogue {
  readonly providers: ReadonlyMap<ProviderName, Provider>;
  /** Everything wrong with the settings, one sentence each; when there is any, do not start. */
  readonly mistakes: readonly string[];
  /** For Facebook's signed requests. */
  readonly facebookAppSecret?: string;
}

/** The one address that stands in for every provider's host on a developer's machine. */
const EMULATOR = "AUTH_SOCIAL_EMULATOR";

/**
 * The providers that have credentials. None given: the provider is off. Half given, malformed or misspelt: a mistake
 * that names the variable. Settings are `AUTH_SOCIAL_<PROVIDER>_*`; docs/social says what goes where.
 */
export function configuredProviders(settings: Settings, surroundings: Surroundings): Catalogue {
  const mistakes: string[] = [];
  const emulator = loopbackOnly(settings[EMULATOR], mistakes);
  const providers = new Map<ProviderName, Provider>();
  for (const name of PROVIDER_NAMES) {
    const own = new ProviderSettings(name, settings, emulator, mistakes);
    const before = mistakes.length;
    const make = MAKERS[name](own);
    own.refuseUnknown();
    if (make !== undefined && mistakes.length === before) providers.set(name, make(surroundings));
  }
  refuseUnknownProviders(settings, mistakes);
  const facebookAppSecret = providers.has("facebook")
    ? settings["AUTH_SOCIAL_FACEBOOK_CLIENT_SECRET"]?.trim()
    : undefined;
  return { providers, mistakes, ...given({ facebookAppSecret }) };
}

type Maker = (settings: ProviderSettings) => ((surroundings: Surroundings) => Provider) | undefined;

const PAIR = ["CLIENT_ID", "CLIENT_SECRET"] as const;

const MAKERS: Readonly<Record<ProviderName, Maker>> = {
  yandex: (settings) => {
    const hosts = settings.hosts(YANDEX_HOSTS);
    const pair = settings.credentials(PAIR);
    return (
      pair &&
      ((around) => new Yandex({ clientId: pair.CLIENT_ID, clientSecret: pair.CLIENT_SECRET, hosts }, around))
    );
  },
  vk: (settings) => {
    const hosts = settings.hosts(VK_HOSTS);
    const own = settings.credentials(["CLIENT_ID"], ["CLIENT_SECRET"]);
    return own && ((around) => new Vk({ clientId: own.CLIENT_ID, hosts }, around));
  },
  mailru: (settings) => {
    // Since July 2025 new clients get Mail.ru through VK ID; the two ways give different subjects.
    const way = settings.oneOf("THROUGH", ["mailru", "vk"]) ?? "mailru";
    const vkHosts = settings.hosts(VK_HOSTS);
    const hosts = settings.hosts(MAILRU_HOSTS);
    if (way === "vk") {
      const own = settings.credentials(["CLIENT_ID"], ["CLIENT_SECRET"]);
      return (
        own && ((around) => new Vk({ clientId: own.CLIENT_ID, account: "mail_ru", hosts: vkHosts }, around))
      );
    }
    const pair = settings.credentials(PAIR);
    return (
      pair &&
      ((around) => new Mailru({ clientId: pair.CLIENT_ID, clientSecret: pair.CLIENT_SECRET, hosts }, around))
    );
  },
  google: (settings) => {
    const hosts = settings.hosts(GOOGLE_HOSTS);
    const extras = given({
      hostedDomain: settings.matching("HOSTED_DOMAIN", /^[a-z0-9.-]+\.[a-z]{2,}$/i, "a domain name"),
      birthday: settings.flag("BIRTHDAY"),
      requireIss: settings.flag("REQUIRE_ISS"),
    });
    const pair = settings.credentials(PAIR);
    return (
      pair &&
      ((around) =>
        new Google({ clientId: pair.CLIENT_ID, clientSecret: pair.CLIENT_SECRET, hosts, ...extras }, around))
    );
  },
  facebook: (settings) => {
    const hosts = settings.hosts(FACEBOOK_HOSTS);
    const extras = given({
      apiVersion: settings.matching("API_VERSION", /^v\d{2}\.\d$/, "a Graph API version such as v26.0"),
      birthday: settings.flag("BIRTHDAY"),
    });
    const pair = settings.credentials(PAIR);
    return (
      pair &&
      ((around) =>
        new Facebook(
          { clientId: pair.CLIENT_ID, clientSecret: pair.CLIENT_SECRET, hosts, ...extras },
          around,
        ))
    );
  },
  x: (settings) => {
    const hosts = settings.hosts(X_HOSTS);
    const extras = given({ email: settings.flag("EMAIL") });
    const pair = settings.credentials(PAIR);
    return (
      pair &&
      ((around) =>
        new X({ clientId: pair.CLIENT_ID, clientSecret: pair.CLIENT_SECRET, hosts, ...extras }, around))
    );
  },
  odnoklassniki: (settings) => {
    const hosts = settings.hosts(ODNOKLASSNIKI_HOSTS);
    const extras = given({ email: settings.flag("EMAIL") });
    const own = settings.credentials([...PAIR, "PUBLIC_KEY"]);
    return (
      own &&
      ((around) =>
        new Odnoklassniki(
          {
            clientId: own.CLIENT_ID,
            clientSecret: own.CLIENT_SECRET,
            publicKey: own.PUBLIC_KEY,
            hosts,
            ...extras,
          },
          around,
        ))
    );
  },
  telegram: (settings) => {
    const hosts = settings.hosts(TELEGRAM_HOSTS);
    const pair = settings.credentials(PAIR);
    return (
      pair &&
      ((around) =>
        new Telegram({ clientId: pair.CLIENT_ID, clientSecret: pair.CLIENT_SECRET, hosts }, around))
    );
  },
  apple: (settings) => {
    const hosts = settings.hosts(APPLE_HOSTS);
    const own = settings.credentials(["CLIENT_ID", "TEAM_ID", "KEY_ID", "PRIVATE_KEY"]);
    if (own === undefined) return undefined;
    const readable = settings.accepted(
      "PRIVATE_KEY",
      applePrivateKey,
      "the PEM text of Apple's .p8 file (a P-256 private key)",
    );
    if (!readable) return undefined;
    return (around) =>
      new Apple(
        {
          clientId: own.CLIENT_ID,
          teamId: own.TEAM_ID,
          keyId: own.KEY_ID,
          privateKey: own.PRIVATE_KEY,
          hosts,
        },
        around,
      );
  },
};

/** A provider nobody here speaks, or whose name is misspelt, would silently stay off. */
function refuseUnknownProviders(settings: Settings, mistakes: string[]): void {
  const known = PROVIDER_NAMES.map((name) => `AUTH_SOCIAL_${name.toUpperCase()}_`);
  for (const [name, value] of Object.entries(settings)) {
    if (name === EMULATOR || !value?.trim() || known.some((prefix) => name.startsWith(prefix))) continue;
    mistakes.push(`${name} belongs to no provider; there are ${PROVIDER_NAMES.join(", ")}`);
  }
}

/** Anybody who can answer for a provider can be anybody: an emulator must not be reachable from outside. */
function loopbackOnly(value: string | undefined, mistakes: string[]): string | undefined {
  if (value === undefined || value === "") return undefined;
  const host = URL.canParse(value) ? new URL(value).hostname : "";
  if (/^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(host)) return value;
  mistakes.push(
    `${EMULATOR} must be a loopback address such as http://127.0.0.1:9100: whoever answers there signs in as anybody`,
  );
  return undefined;
}
