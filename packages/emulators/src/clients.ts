import type { Emulated } from "./ground.ts";

/** An application registered with a provider. */
export interface Client {
  readonly id: string;
  readonly secret: string;
  /** Exact addresses; empty takes any loopback address, and never one elsewhere. */
  readonly redirectUris: readonly string[];
  /** Odnoklassniki's application key. */
  readonly publicKey?: string;
  /** Facebook's switch "Require App Secret". */
  readonly requireProof?: boolean;
  /** X's switch "Request email from users", Odnoklassniki's granted GET_EMAIL. */
  readonly mayReadEmail?: boolean;
  /** X: whether the app is enrolled in a plan. */
  readonly enrolled?: boolean;
  /** Apple. */
  readonly teamId?: string;
  readonly keyId?: string;
}

export type Clients = Readonly<Record<Emulated, Client>>;
export type ClientOverrides = Partial<Record<Emulated, Partial<Client>>>;

/** What is registered unless told otherwise; the values are worth nothing outside this process. */
export function registered(overrides: ClientOverrides): Clients {
  const client = (name: Emulated, own: Partial<Client> = {}): Client => ({
    id: `emulated-${name}-app`,
    secret: `emulated-${name}-secret`,
    redirectUris: [],
    ...own,
    ...overrides[name],
  });
  return {
    yandex: client("yandex"),
    vk: client("vk", { id: "51000001" }),
    mailru: client("mailru"),
    google: client("google", { id: "emulated.apps.googleusercontent.com" }),
    facebook: client("facebook", { id: "138000000000001", requireProof: true }),
    x: client("x", { mayReadEmail: true, enrolled: true }),
    odnoklassniki: client("odnoklassniki", {
      id: "512000000001",
      publicKey: "EMULATEDPUBLICKEY",
      mayReadEmail: true,
    }),
    telegram: client("telegram", { id: "7000000001" }),
    apple: client("apple", { id: "example.emulated.signin", teamId: "EMULTEAM01", keyId: "EMULKEY001" }),
  };
}

/** Whether an address may be sent a code. */
export function takesRedirect(client: Client, redirectUri: string | undefined): redirectUri is string {
  if (redirectUri === undefined || !URL.canParse(redirectUri)) return false;
  if (client.redirectUris.length > 0) return client.redirectUris.includes(redirectUri);
  return /^(localhost|127(\.\d{1,3}){3}|\[::1\])$/.test(new URL(redirectUri).hostname);
}
