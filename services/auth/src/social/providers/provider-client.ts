import { BREAKER_LIMITS, Breaker, type BreakerLimits } from "./breaker.ts";
import { ProviderFailure } from "./failure.ts";
import { isObject, type JsonObject } from "./json.ts";
import type { Clock, ProviderHealth, ProviderName } from "./provider.ts";

export type Fetch = typeof globalThis.fetch;

/** What every adapter is handed from outside. */
export interface Surroundings {
  readonly fetch: Fetch;
  readonly clock: Clock;
  /** For one whole sign-in or unlink, however many calls it takes. */
  readonly totalMs?: number;
  /** Of one answer, after decompression. */
  readonly maxBytes?: number;
  /** Mail.ru refuses a request without one. */
  readonly userAgent?: string;
  readonly breaker?: BreakerLimits;
}

export interface Ask {
  readonly method: "GET" | "POST" | "DELETE";
  readonly url: string | URL;
  readonly headers?: Readonly<Record<string, string>>;
  /** Sent as application/x-www-form-urlencoded; undefined fields are left out. */
  readonly form?: Readonly<Record<string, string | undefined>>;
}

export interface Answer {
  readonly status: number;
  readonly headers: Headers;
  readonly body: JsonObject;
}

/** The calls of one sign-in: they share one deadline. */
export interface Exchange {
  readonly signal: AbortSignal;
  /** Sends and reads a JSON object, whatever the content type says. @throws ProviderFailure */
  ask(ask: Ask): Promise<Answer>;
  /** Sends where the provider answers a bare status; a body that is no JSON object counts as `{}`. */
  tell(ask: Ask): Promise<Answer>;
}

/** The person waits five seconds at most: the rest is for what we do ourselves before and after. */
const TOTAL_MS = 4_500;
const MAX_BYTES = 1_048_576;
const USER_AGENT = "Kinopass/1.0 (social sign-in)";

/** The one way out to a provider: bounded in time and size, following no redirect, behind a breaker. */
export class ProviderClient {
  readonly #provider: ProviderName;
  readonly #surroundings: Surroundings;
  readonly #breaker: Breaker;

  constructor(provider: ProviderName, surroundings: Surroundings) {
    this.#provider = provider;
    this.#surroundings = surroundings;
    this.#breaker = new Breaker(surroundings.clock, surroundings.breaker ?? BREAKER_LIMITS);
  }

  health(): ProviderHealth {
    return this.#breaker.health();
  }

  exchange(callerSignal?: AbortSignal): Exchange {
    const deadline = AbortSignal.timeout(this.#surroundings.totalMs ?? TOTAL_MS);
    const signal = callerSignal === undefined ? deadline : AbortSignal.any([deadline, callerSignal]);
    const gone = () => callerSignal?.aborted === true;
    return {
      signal,
      ask: (ask) => this.#guarded(ask, signal, gone, (body) => this.#object(body)),
      tell: (ask) => this.#guarded(ask, signal, gone, (body) => objectOrEmpty(body)),
    };
  }

  async #guarded(
    ask: Ask,
    signal: AbortSignal,
    callerGone: () => boolean,
    read: (body: string) => JsonObject,
  ): Promise<Answer> {
    const admission = this.#breaker.admit();
    if (admission.kind === "wait") {
      throw this.#failure("provider_unreachable", "breaker_open", { retryAfterMs: admission.retryAfterMs });
    }
    try {
      const response = await this.#send(ask, signal);
      const body = read(await this.#bounded(response, signal));
      this.#breaker.succeeded();
      return { status: response.status, headers: response.headers, body };
    } catch (error) {
      if (callerGone()) this.#breaker.released();
      else this.#breaker.failed();
      throw error;
    }
  }

  async #send(ask: Ask, signal: AbortSignal): Promise<Response> {
    const response = await this.#reached(
      this.#surroundings.fetch(ask.url, {
        method: ask.method,
        redirect: "manual",
        signal,
        headers: {
          accept: "application/json",
          // Nothing to inflate, so nothing to bomb; the size limit counts inflated bytes all the same.
          "accept-encoding": "identity",
          "user-agent": this.#surroundings.userAgent ?? USER_AGENT,
          ...ask.headers,
        },
        ...(ask.form === undefined ? {} : { body: encoded(ask.form) }),
      }),
      signal,
    );
    const refusal = this.#refusalOf(response);
    if (refusal !== undefined) {
      await response.body?.cancel().catch(ignoreBrokenStream);
      throw refusal;
    }
    return response;
  }

  #refusalOf(response: Response): ProviderFailure | undefined {
    const { status } = response;
    // Never followed: an answer must come from the host we asked, not from where it points us (169.254.169.254).
    if (status >= 300 && status < 400) return this.#failure("provider_garbage", "redirected");
    if (status === 429) {
      return this.#failure("provider_unreachable", "throttled", { retryAfterMs: retryAfterMs(response) });
    }
    if (status >= 500) return this.#failure("provider_unreachable", `status_${status}`);
    return undefined;
  }

  async #bounded(response: Response, signal: AbortSignal): Promise<string> {
    if (response.body === null) return "";
    const maxBytes = this.#surroundings.maxBytes ?? MAX_BYTES;
    const chunks: Uint8Array[] = [];
    let bytes = 0;
    const reader = response.body.getReader();
    try {
      for (;;) {
        const { done, value } = await this.#reached(reader.read(), signal);
        if (done) return new TextDecoder().decode(Buffer.concat(chunks, bytes));
        bytes += value.byteLength;
        if (bytes > maxBytes) throw this.#failure("provider_garbage", "too_large");
        chunks.push(value);
      }
    } finally {
      await reader.cancel().catch(ignoreBrokenStream);
    }
  }

  async #reached<T>(pending: Promise<T>, signal: AbortSignal): Promise<T> {
    try {
      return await pending;
    } catch (cause) {
      // The cause of a network failure may carry the URL with a token in it (Mail.ru), so it stays here.
      throw this.#failure("provider_unreachable", signal.aborted ? "deadline" : networkWord(cause));
    }
  }

  #object(body: string): JsonObject {
    if (body.trim() === "") throw this.#failure("provider_garbage", "empty");
    if (/^\s*</.test(body)) throw this.#failure("provider_garbage", "html");
    const value = parsed(body);
    if (value === undefined) throw this.#failure("provider_garbage", "not_json");
    if (!isObject(value)) throw this.#failure("provider_garbage", "not_an_object");
    return value;
  }

  #failure(
    kind: "provider_unreachable" | "provider_garbage",
    because: string,
    details: { readonly retryAfterMs?: number | undefined } = {},
  ): ProviderFailure {
    return new ProviderFailure(this.#provider, kind, because, details);
  }
}

/** RFC 6749 §2.3.1: id and secret are form-encoded before they are joined. */
export function basic(clientId: string, clientSecret: string): Record<string, string> {
  const pair = [clientId, clientSecret]
    .map((part) => new URLSearchParams({ "": part }).toString().slice(1))
    .join(":");
  return { authorization: `Basic ${Buffer.from(pair).toString("base64")}` };
}

function encoded(form: Readonly<Record<string, string | undefined>>): URLSearchParams {
  const entries = Object.entries(form).filter((entry): entry is [string, string] => entry[1] !== undefined);
  return new URLSearchParams(entries);
}

function parsed(body: string): unknown {
  try {
    return JSON.parse(body);
  } catch {
    return undefined;
  }
}

function objectOrEmpty(body: string): JsonObject {
  const value = parsed(body);
  return isObject(value) ? value : {};
}

function retryAfterMs(response: Response): number | undefined {
  const seconds = response.headers.get("retry-after") ?? "";
  return /^\d{1,6}$/.test(seconds) ? Number(seconds) * 1000 : undefined;
}

function networkWord(cause: unknown): string {
  const inner = cause instanceof Error && cause.cause instanceof Error ? cause.cause : cause;
  const code = inner instanceof Error && "code" in inner ? inner.code : undefined;
  return typeof code === "string" && /^[A-Z0-9_]{1,40}$/.test(code)
    ? `network_${code.toLowerCase()}`
    : "network";
}

/** The stream broke while we were letting go of it: there is nothing left to release. */
function ignoreBrokenStream(): void {}
