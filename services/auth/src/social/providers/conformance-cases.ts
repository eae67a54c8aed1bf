import type { Changes } from "./emulated.ts";
import type { ProviderName } from "./provider.ts";

/** For tests: every way a provider is spoken to, as the suites of what all must do run through them. */
export interface Case {
  readonly name: ProviderName;
  /** Whose emulator answers. */
  readonly emulated: ProviderName;
  readonly settings?: Readonly<Record<string, string | undefined>>;
  readonly codeLifeMs: number;
  readonly alwaysHasEmail?: true;
  readonly revokes: boolean;
  /** Where else than the token endpoint a sign-in can break. */
  readonly second: "profile" | "keys";
  readonly wrongSecret?: Readonly<Record<string, string>>;
}

const MINUTE_MS = 60_000;
export const CASES: Readonly<Record<string, Case>> = {
  yandex: {
    name: "yandex",
    emulated: "yandex",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
  },
  vk: {
    name: "vk",
    emulated: "vk",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
    wrongSecret: { AUTH_SOCIAL_VK_CLIENT_ID: "999" },
  },
  mailru: {
    name: "mailru",
    emulated: "mailru",
    codeLifeMs: 10 * MINUTE_MS,
    alwaysHasEmail: true,
    revokes: false,
    second: "profile",
  },
  "mailru through VK ID": {
    name: "mailru",
    emulated: "vk",
    settings: { AUTH_SOCIAL_MAILRU_THROUGH: "vk", AUTH_SOCIAL_MAILRU_CLIENT_ID: "51000001" },
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
    wrongSecret: { AUTH_SOCIAL_MAILRU_CLIENT_ID: "999" },
  },
  google: {
    name: "google",
    emulated: "google",
    codeLifeMs: 10 * MINUTE_MS,
    alwaysHasEmail: true,
    revokes: true,
    second: "keys",
  },
  facebook: {
    name: "facebook",
    emulated: "facebook",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: true,
    second: "profile",
  },
  x: { name: "x", emulated: "x", codeLifeMs: 30_000, revokes: true, second: "profile" },
  odnoklassniki: {
    name: "odnoklassniki",
    emulated: "odnoklassniki",
    codeLifeMs: 2 * MINUTE_MS,
    revokes: false,
    second: "profile",
  },
  telegram: {
    name: "telegram",
    emulated: "telegram",
    codeLifeMs: 10 * MINUTE_MS,
    revokes: false,
    second: "keys",
  },
  apple: {
    name: "apple",
    emulated: "apple",
    codeLifeMs: 5 * MINUTE_MS,
    alwaysHasEmail: true,
    revokes: true,
    second: "keys",
    wrongSecret: { AUTH_SOCIAL_APPLE_KEY_ID: "ANOTHERKEY" },
  },
};

/** Changes with the case's own settings under them. */
export function changesFor(kase: Case, changes: Changes = {}): Changes {
  return { ...changes, settings: { ...kase.settings, ...changes.settings } };
}
