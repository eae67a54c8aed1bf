import type { CryptoKey } from "jose";
import { AnswerRefused, readBoundedJson } from "../bounded-json.ts";
import type { Clock, Random, Uptime } from "../clock.ts";
import type { Timings } from "../options.ts";
import { aroundMs } from "../retry.ts";
import { hasWithdrawn, type KeySet, readKeySet } from "./key-set.ts";

const MAX_ANSWER_BYTES = 64 * 1024;

export interface KeyKeeperOptions {
  readonly url: string;
  readonly timings: Timings;
  readonly fetch: typeof fetch;
  readonly clock: Clock;
  readonly uptime: Uptime;
  readonly random: Random;
  /** Whether Auth would tell us about a change by itself. */
  readonly feedConnected: () => boolean;
  readonly onFetched: (keys: KeySet, clockSkewMs: number | undefined) => void;
  readonly onFailure: (reason: string) => void;
  /** A key is gone: whatever it signed counts no more. */
  readonly onWithdrawn: () => void;
}

/**
 * Auth's signing keys, fetched in the background and never by a request. Whatever goes wrong, the last
 * good set stays, for 24 h from when it was fetched.
 */
export class KeyKeeper {
  readonly #options: KeyKeeperOptions;
  #keys: KeySet | undefined;
  #fetchedAtMs = 0;
  #fetching: Promise<boolean> | undefined;
  #fetchBegan: number | undefined;
  #again = false;
  #timer: NodeJS.Timeout | undefined;
  #dueAt = Number.POSITIVE_INFINITY;
  #stopped = false;
  readonly #abort = new AbortController();

  constructor(options: KeyKeeperOptions) {
    this.#options = options;
  }

  /** Milliseconds since the keys were fetched; undefined without keys. */
  get ageMs(): number | undefined {
    return this.#keys === undefined ? undefined : this.#options.clock.now().getTime() - this.#fetchedAtMs;
  }

  get usable(): boolean {
    const ageMs = this.ageMs;
    return ageMs !== undefined && ageMs <= this.#options.timings.keysUsableMs;
  }

  find(keyId: string): CryptoKey | undefined {
    return this.#keys?.byId.get(keyId);
  }

  /** Keys from the disk, until Auth answers. */
  recall(keys: KeySet, fetchedAtMs: number): void {
    if (this.#keys !== undefined) return;
    this.#keys = keys;
    this.#fetchedAtMs = fetchedAtMs;
  }

  /** Fetches now; every later fetch follows from this one. Resolves to whether it succeeded. */
  refresh(): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(false);
    this.#fetching ??= this.#refresh().finally(() => {
      this.#fetching = undefined;
      if (this.#again) this.#askAgain();
    });
    return this.#fetching;
  }

  /** Auth said that its keys changed: an answer that is on its way may be from before. */
  changed(): void {
    if (this.#fetching === undefined) void this.refresh();
    else this.#again = true;
  }

  /** A token names a key we do not have. However many do, that is one fetch per cool-down. */
  missed(): void {
    const { uptime, timings } = this.#options;
    const sinceLast = this.#fetchBegan === undefined ? Infinity : uptime() - this.#fetchBegan;
    this.#schedule(Math.max(0, timings.unknownKeyCooldownMs - sinceLast));
  }

  /** Nobody tells us of changes any more: ask before a withdrawn key gets old. */
  feedLost(): void {
    this.#schedule(aroundMs(this.#options.timings.keysPollMs, this.#options.random));
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#abort.abort();
  }

  #askAgain(): void {
    this.#again = false;
    void this.refresh();
  }

  async #refresh(): Promise<boolean> {
    clearTimeout(this.#timer);
    this.#dueAt = Number.POSITIVE_INFINITY;
    this.#fetchBegan = this.#options.uptime();
    const { timings, random, feedConnected } = this.#options;
    try {
      const { keys, clockSkewMs } = await this.#fetch();
      this.#take(keys, clockSkewMs);
      this.#schedule(aroundMs(feedConnected() ? timings.keysRefreshMs : timings.keysPollMs, random));
      return true;
    } catch (error) {
      if (this.#stopped) return false;
      this.#options.onFailure(error instanceof AnswerRefused ? error.message : "unreachable");
      this.#schedule(aroundMs(timings.keysRetryMs, random));
      return false;
    }
  }

  async #fetch(): Promise<{ keys: KeySet; clockSkewMs: number | undefined }> {
    const { url, timings, clock } = this.#options;
    const response = await this.#options.fetch(url, {
      headers: { accept: "application/json" },
      redirect: "error",
      signal: AbortSignal.any([this.#abort.signal, AbortSignal.timeout(timings.answerMs)]),
    });
    const keys = await readKeySet(await readBoundedJson(response, MAX_ANSWER_BYTES));
    if (keys === undefined) throw new AnswerRefused("no usable keys");
    const theirs = Date.parse(response.headers.get("date") ?? "");
    return { keys, clockSkewMs: Number.isNaN(theirs) ? undefined : theirs - clock.now().getTime() };
  }

  #take(keys: KeySet, clockSkewMs: number | undefined): void {
    const before = this.#keys;
    this.#keys = keys;
    this.#fetchedAtMs = this.#options.clock.now().getTime();
    if (before !== undefined && hasWithdrawn(before, keys)) this.#options.onWithdrawn();
    this.#options.onFetched(keys, clockSkewMs);
  }

  /** The nearest date wins: nothing puts a planned fetch off. */
  #schedule(inMs: number): void {
    const dueAt = this.#options.uptime() + inMs;
    if (this.#stopped || dueAt >= this.#dueAt) return;
    clearTimeout(this.#timer);
    this.#dueAt = dueAt;
    this.#timer = setTimeout(() => void this.refresh(), inMs);
    this.#timer.unref();
  }
}
