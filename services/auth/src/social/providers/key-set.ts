import {
  type CryptoKey,
  createLocalJWKSet,
  errors,
  type JSONWebKeySet,
  type JWSHeaderParameters,
} from "jose";
import { ProviderFailure } from "./failure.ts";
import type { Clock, ProviderName } from "./provider.ts";
import { ProviderClient, type Surroundings } from "./provider-client.ts";

type Resolve = ReturnType<typeof createLocalJWKSet>;
type Token = Parameters<Resolve>[1];

const MAX_BYTES = 65_536;
const MAX_KEYS = 32;
const FETCH_MS = 3_000;
/** Between two fetches, so that a flood of made-up key ids costs two requests a minute. */
const COOL_DOWN_MS = 30_000;
/** With no keys at all every sign-in would fail, so a failed first fetch is repeated sooner. */
const EMPTY_COOL_DOWN_MS = 2_000;
const SHORTEST_FRESH_MS = 5 * 60_000;
const LONGEST_FRESH_MS = 24 * 3_600_000;
/** Keys stay usable this long after their last good fetch while the issuer does not answer. */
const STALE_MS = 24 * 3_600_000;

interface Held {
  readonly resolve: Resolve;
  readonly fetchedMs: number;
  readonly freshUntilMs: number;
}

/**
 * One issuer's signing keys from one pinned address. Nothing in a token can choose where keys come from. A key the
 * issuer withdrew is gone after the next fetch; a fetch that fails leaves the last good set in place.
 */
export class KeySet {
  readonly #provider: ProviderName;
  readonly #url: string;
  readonly #client: ProviderClient;
  readonly #clock: Clock;
  #held: Held | undefined;
  #nextFetchMs = 0;
  #fetching: Promise<void> | undefined;

  constructor(provider: ProviderName, url: string, surroundings: Surroundings) {
    this.#provider = provider;
    this.#url = url;
    this.#clock = surroundings.clock;
    this.#client = new ProviderClient(provider, {
      ...surroundings,
      totalMs: Math.min(FETCH_MS, surroundings.totalMs ?? FETCH_MS),
      maxBytes: MAX_BYTES,
      // The cool-down already spaces the attempts out; a breaker on top would only delay the recovery.
      breaker: { failures: Number.POSITIVE_INFINITY, windowMs: 0, openMs: 0 },
    });
  }

  /** The key of a token's header. @throws ProviderFailure when no keys can be had, errors.JWKSNoMatchingKey for an unknown one. */
  async keyFor(header: JWSHeaderParameters, token: Token, signal: AbortSignal): Promise<CryptoKey> {
    const now = this.#clock.now().getTime();
    if (this.#held === undefined || now >= this.#held.freshUntilMs) await this.#refresh(signal);
    try {
      return await this.#usable().resolve(header, token);
    } catch (error) {
      if (!(error instanceof errors.JWKSNoMatchingKey)) throw error;
      if (!(await this.#refresh(signal))) throw error;
      return await this.#usable().resolve(header, token);
    }
  }

  #usable(): Held {
    const held = this.#held;
    if (held === undefined || this.#clock.now().getTime() > held.fetchedMs + STALE_MS) {
      throw new ProviderFailure(this.#provider, "provider_unreachable", "keys_unavailable");
    }
    return held;
  }

  /** Fetches unless it is too soon; true when a fetch took place. Everybody who asks meanwhile shares the one fetch. */
  async #refresh(signal: AbortSignal): Promise<boolean> {
    if (this.#fetching === undefined) {
      const now = this.#clock.now().getTime();
      if (now < this.#nextFetchMs) return false;
      this.#nextFetchMs = now + COOL_DOWN_MS;
      this.#fetching = this.#fetch().finally(() => {
        this.#fetching = undefined;
      });
    }
    await orAborted(this.#fetching, signal, () => {
      throw new ProviderFailure(this.#provider, "provider_unreachable", "deadline");
    });
    return true;
  }

  async #fetch(): Promise<void> {
    try {
      const { status, headers, body } = await this.#client.exchange().ask({ method: "GET", url: this.#url });
      const keys = body["keys"];
      if (status !== 200 || !Array.isArray(keys) || keys.length === 0 || keys.length > MAX_KEYS)
        return this.#missed();
      const fetchedMs = this.#clock.now().getTime();
      // The shape of each key is checked by jose when the key is used.
      const resolve = createLocalJWKSet({ keys } as JSONWebKeySet);
      this.#held = { resolve, fetchedMs, freshUntilMs: fetchedMs + freshMs(headers) };
    } catch (error) {
      if (!(error instanceof ProviderFailure) && !(error instanceof errors.JOSEError)) throw error;
      this.#missed();
    }
  }

  /** The old keys go on serving; with none, try again soon. */
  #missed(): void {
    const now = this.#clock.now().getTime();
    if (this.#held === undefined) this.#nextFetchMs = now + EMPTY_COOL_DOWN_MS;
    else this.#held = { ...this.#held, freshUntilMs: now + COOL_DOWN_MS };
  }
}

function freshMs(headers: Headers): number {
  const seconds = Number(/max-age=(\d{1,9})/.exec(headers.get("cache-control") ?? "")?.[1] ?? 0);
  return Math.min(Math.max(seconds * 1000, SHORTEST_FRESH_MS), LONGEST_FRESH_MS);
}

async function orAborted(pending: Promise<void>, signal: AbortSignal, onAbort: () => never): Promise<void> {
  if (signal.aborted) onAbort();
  const { promise: aborted, resolve } = Promise.withResolvers<"aborted">();
  const listener = () => resolve("aborted");
  signal.addEventListener("abort", listener, { once: true });
  try {
    if ((await Promise.race([pending, aborted])) === "aborted") onAbort();
  } finally {
    signal.removeEventListener("abort", listener);
  }
}
