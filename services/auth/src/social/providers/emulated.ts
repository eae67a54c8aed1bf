import { createHash } from "node:crypto";
import type { TestContext } from "node:test";
import { configuredProviders } from "./catalogue.ts";
import { ProviderFailure } from "./failure.ts";
import type { Callback, Clock, Profile, Provider, ProviderName } from "./provider.ts";
import type { Fetch, Surroundings } from "./provider-client.ts";

/** For tests: a sign-in against the emulated providers, step by step. */

export interface Emulators {
  readonly url: string;
  readonly environment: Readonly<Record<string, string>>;
  setFault(
    provider: ProviderName,
    fault: { readonly kind: string; readonly at?: string; readonly times?: number },
  ): void;
  clearFaults(): void;
  addPerson(person: object): { readonly id: string };
  rotateKeys(provider: ProviderName, options?: { readonly withdrawOld?: boolean }): void;
  signedRequest(personId: string): string;
  billedReads(): number;
  close(): Promise<void>;
}

export interface Outcome {
  readonly method: "GET" | "POST";
  readonly url: string;
  readonly fields: Record<string, string>;
}

interface EmulatorsPackage {
  startEmulators(options: { clock: Clock; credentials?: object }): Promise<Emulators>;
  consent(url: URL, choice: { person: string }): Promise<Outcome>;
}

// By name, so that compiling the service does not wait for a package that only its tests run.
const PACKAGE: string = "@kinopass/emulators";
const { startEmulators, consent } = (await import(PACKAGE)) as EmulatorsPackage;

export const REDIRECT_URI = "http://127.0.0.1:8000/v1/social/callback";
const VERIFIER = "a-verifier-of-the-right-length-0123456789-abcdef";
const STATE = "state-0123456789-0123456789-0123";
const NONCE = "nonce-0123456789-0123456789-0123";

export class MovableClock implements Clock {
  #nowMs = Date.UTC(2026, 10, 22, 12, 0, 0);
  now(): Date {
    return new Date(this.#nowMs);
  }
  advance(ms: number): void {
    this.#nowMs += ms;
  }
}

export interface Ground {
  readonly clock: MovableClock;
  readonly emulators: Emulators;
  /** Every address asked so far, in order. */
  readonly calls: URL[];
  provider(name: ProviderName, changes?: Changes): Provider;
}

export interface Changes {
  readonly settings?: Readonly<Record<string, string | undefined>>;
  readonly around?: Partial<Surroundings>;
}

/** Starts emulators of one's own and closes them after the test. */
export async function onGround(t: TestContext, credentials: object = {}): Promise<Ground> {
  const clock = new MovableClock();
  const emulators = await startEmulators({ clock, credentials });
  t.after(() => emulators.close());
  const calls: URL[] = [];
  const counted: Fetch = (input, init) => {
    calls.push(new URL(String(input)));
    return fetch(input, init);
  };
  return {
    clock,
    emulators,
    calls,
    provider(name, { settings = {}, around = {} } = {}) {
      const { providers, mistakes } = configuredProviders(
        { ...emulators.environment, ...settings },
        { fetch: counted, clock, ...around },
      );
      const provider = providers.get(name);
      if (provider === undefined) throw new Error(`${name} is off: ${mistakes.join("; ")}`);
      return provider;
    },
  };
}

export function authorizeUrl(provider: Provider): URL {
  const codeChallenge = createHash("sha256").update(VERIFIER).digest("base64url");
  return provider.authorizeUrl({
    state: STATE,
    nonce: NONCE,
    codeChallenge,
    redirectUri: REDIRECT_URI,
    locale: "ru",
  });
}

/** Up to the callback: what the browser brings back when this person agrees (or `deny`). */
export async function callbackOf(
  provider: Provider,
  person: string,
  extra: Readonly<Record<string, string>> = {},
): Promise<Callback> {
  const url = authorizeUrl(provider);
  for (const [key, value] of Object.entries(extra)) url.searchParams.set(key, value);
  const { fields } = await consent(url, { person });
  return callbackWith(fields);
}

export function callbackWith(params: Readonly<Record<string, unknown>>): Callback {
  return { params, state: STATE, verifier: VERIFIER, nonce: NONCE, redirectUri: REDIRECT_URI };
}

export async function signIn(provider: Provider, person: string): Promise<Profile> {
  return provider.finish(await callbackOf(provider, person));
}

/** The failure a promise ends in; anything else, success included, is thrown on. */
export async function failureOf(pending: Promise<unknown>): Promise<ProviderFailure> {
  try {
    await pending;
  } catch (error) {
    if (error instanceof ProviderFailure) return error;
    throw error;
  }
  throw new Error("nothing failed");
}
