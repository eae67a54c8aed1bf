import { exportJWK, generateKeyPair, SignJWT } from "jose";
import { configuredProviders } from "./catalogue.ts";
import { callbackWith, MovableClock } from "./emulated.ts";
import type { Callback, Provider, ProviderName } from "./provider.ts";
import type { Fetch, Surroundings } from "./provider-client.ts";

/** For tests: a provider whose every answer is written down beforehand. */

export interface Line {
  readonly status?: number;
  readonly body?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

/** What to answer, by the end of the path asked for. */
export type Script = Readonly<Record<string, Line | (() => Line | Promise<Line>)>>;

export interface Asked {
  readonly method: string;
  readonly url: URL;
  readonly headers: Headers;
  readonly form: URLSearchParams;
}

export interface Scripted {
  readonly provider: Provider;
  readonly asked: Asked[];
  readonly clock: MovableClock;
}

export function scripted(
  name: ProviderName,
  script: Script,
  settings: Readonly<Record<string, string>> = {},
  around: Partial<Surroundings> = {},
): Scripted {
  const asked: Asked[] = [];
  const clock = new MovableClock();
  const fetch: Fetch = async (input, init) => {
    const url = new URL(String(input));
    const form = init?.body instanceof URLSearchParams ? init.body : new URLSearchParams();
    asked.push({ method: init?.method ?? "GET", url, headers: new Headers(init?.headers), form });
    const path = Object.keys(script).find((end) => url.pathname.endsWith(end));
    const entry = path === undefined ? undefined : script[path];
    if (entry === undefined) throw new Error(`nobody wrote an answer for ${url.pathname}`);
    const { status = 200, body = {}, headers = {} } = typeof entry === "function" ? await entry() : entry;
    const text = typeof body === "string" ? body : JSON.stringify(body);
    return new Response(text, { status, headers: { "content-type": "application/json", ...headers } });
  };
  const prefix = `AUTH_SOCIAL_${name.toUpperCase()}_`;
  const given = Object.fromEntries(Object.entries(settings).map(([key, value]) => [prefix + key, value]));
  const credentials = { [`${prefix}CLIENT_ID`]: "our-app", [`${prefix}CLIENT_SECRET`]: "our-secret" };
  const { providers, mistakes } = configuredProviders(
    { ...credentials, ...given },
    { fetch, clock, ...around },
  );
  const provider = providers.get(name);
  if (provider === undefined) throw new Error(mistakes.join("; "));
  return { provider, asked, clock };
}

/** A callback with a code and whatever else. */
export function withCode(extra: Readonly<Record<string, unknown>> = {}): Callback {
  const { state } = callbackWith({});
  return callbackWith({ code: "the-code", state, ...extra });
}

const PAIR = generateKeyPair("RS256", { extractable: true });

/** The key set that `signed` signs by. */
export async function publishedKeys(kid = "k1"): Promise<{ keys: object[] }> {
  return { keys: [{ ...(await exportJWK((await PAIR).publicKey)), kid, use: "sig", alg: "RS256" }] };
}

export async function signed(
  claims: Record<string, unknown>,
  header: Record<string, unknown> = {},
): Promise<string> {
  return new SignJWT(claims)
    .setProtectedHeader({ alg: "RS256", kid: "k1", ...header })
    .sign((await PAIR).privateKey, { crit: {} });
}

/** Claims that pass, to spoil one at a time. */
export function goodClaims(issuer: string, clock: MovableClock): Record<string, unknown> {
  const nowS = Math.floor(clock.now().getTime() / 1000);
  return {
    iss: issuer,
    aud: "our-app",
    sub: "1234",
    iat: nowS,
    exp: nowS + 3600,
    nonce: callbackWith({}).nonce,
  };
}
