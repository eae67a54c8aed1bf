import type { Random, Uptime } from "../clock.ts";
import type { Timings } from "../options.ts";
import { fullJitterMs } from "../retry.ts";
import { CredentialRefused, EventStream, type StreamItem, StreamRefused } from "./event-stream.ts";
import { readSecurityEvent } from "./feed-event.ts";
import type { Knowledge } from "./knowledge.ts";

export interface FeedFollowerOptions {
  readonly url: string;
  readonly issuer: string;
  readonly credential: { readonly id: string; readonly secret: string };
  readonly knowledge: Knowledge;
  readonly timings: Timings;
  readonly fetch: typeof fetch;
  readonly uptime: Uptime;
  readonly random: Random;
  readonly onEvent: (type: string) => void;
  readonly onAlive: () => void;
  readonly onFailure: (reason: string) => void;
  /** Auth answered that our credential may not listen (401, 403). */
  readonly onRefused: (reason: string) => void;
  /** Auth changed its signing keys, or may have while we were not listening. */
  readonly onKeysChanged: () => void;
}

/**
 * Follows the revocation feed for as long as the service runs: one connection, a deadline on
 * everything, back after full jitter with the cursor of the last event. A stopped Auth keeps the
 * connection open, so silence is the only sign.
 */
export class FeedFollower {
  readonly #options: FeedFollowerOptions;
  #stopped = false;
  #connected = false;
  #attempt = 0;
  #abort = new AbortController();
  #wake: (() => void) | undefined;

  constructor(options: FeedFollowerOptions) {
    this.#options = options;
  }

  /** Listening, and past the beginning of the answer. */
  get connected(): boolean {
    return this.#connected;
  }

  async run(): Promise<void> {
    while (!this.#stopped) {
      const began = this.#options.uptime();
      await this.#follow();
      if (!this.#stopped) await this.#pause(began);
    }
  }

  stop(): void {
    this.#stopped = true;
    this.#abort.abort(new Error("stopped"));
    this.#wake?.();
  }

  async #follow(): Promise<void> {
    this.#abort = new AbortController();
    const deadline = new Deadline(this.#abort);
    try {
      const body = await this.#open(deadline);
      await this.#read(body, deadline);
      throw new StreamRefused("ended");
    } catch (error) {
      if (!this.#stopped) this.#fail(error);
    } finally {
      deadline.clear();
      this.#abort.abort();
      this.#connected = false;
      this.#options.knowledge.disconnected();
    }
  }

  #fail(error: unknown): void {
    const { onFailure, onRefused } = this.#options;
    if (error instanceof CredentialRefused) onRefused(error.message);
    else onFailure(reasonOf(this.#abort.signal.reason ?? error));
  }

  async #open(deadline: Deadline): Promise<ReadableStream<Uint8Array>> {
    const { url, credential, knowledge, timings } = this.#options;
    deadline.set(timings.answerMs, "no answer");
    const address = new URL(url);
    if (knowledge.cursor !== undefined) address.searchParams.set("after", knowledge.cursor);
    // RFC 7617 §2: the pair as it is, in UTF-8.
    const basic = Buffer.from(`${credential.id}:${credential.secret}`);
    const response = await this.#options.fetch(address, {
      headers: { accept: "text/event-stream", authorization: `Basic ${basic.toString("base64")}` },
      redirect: "error",
      signal: this.#abort.signal,
    });
    if (response.status === 401 || response.status === 403)
      throw new CredentialRefused(`status ${response.status}`);
    const type = response.headers.get("content-type") ?? "";
    if (response.status !== 200 || response.body === null || !type.startsWith("text/event-stream")) {
      throw new StreamRefused(`status ${response.status}, ${type || "no type"}`);
    }
    knowledge.connected();
    deadline.set(timings.snapshotMs, "snapshot not finished");
    return response.body;
  }

  async #read(body: ReadableStream<Uint8Array>, deadline: Deadline): Promise<void> {
    const stream = new EventStream();
    for await (const chunk of body) {
      for (const item of stream.push(chunk)) {
        this.#take(item);
        // Bytes alone prove nothing: only a whole event or heartbeat does.
        if (this.#connected) deadline.set(this.#options.timings.feedSilenceMs, "silence");
      }
    }
  }

  #take(item: StreamItem): void {
    const { knowledge, onAlive, onEvent } = this.#options;
    if (item.kind === "heartbeat") {
      if (knowledge.heartbeat()) onAlive();
      return;
    }
    onEvent(item.type);
    if (item.type === "revocation") this.#revocation(item.data, item.id);
    else if (item.type === "snapshot-begin") this.#snapshotBegins();
    else if (item.type === "snapshot-end") this.#snapshotEnds(item.id);
    // A newer Auth may say more than `keys`; what we do not know cannot end a token.
    else knowledge.learn([], item.id);
    if (item.type === "keys") this.#options.onKeysChanged();
  }

  #revocation(data: string, id: string | undefined): void {
    const revocations = readSecurityEvent(data, this.#options.issuer);
    // Skipping what we cannot read would leave a dead session alive: start over with everything instead.
    if (revocations === undefined) {
      this.#options.knowledge.startOver();
      throw new StreamRefused("not a security event of this issuer");
    }
    this.#options.knowledge.learn(revocations, id);
    if (this.#connected) this.#options.onAlive();
  }

  #snapshotBegins(): void {
    this.#connected = false;
    this.#options.knowledge.snapshotBegins();
  }

  #snapshotEnds(id: string | undefined): void {
    this.#options.knowledge.snapshotEnds(id);
    this.#connected = true;
    this.#attempt = 0;
    this.#options.onAlive();
    // Keys may have changed while nobody told us.
    this.#options.onKeysChanged();
  }

  /** Never more than one attempt per `feedRetryMs`, however soon the last one failed. */
  async #pause(attemptBegan: number): Promise<void> {
    const { timings, uptime, random } = this.#options;
    const jittered = fullJitterMs(this.#attempt, timings.feedRetryMs, timings.feedRetryCapMs, random);
    const pauseMs = Math.max(jittered, timings.feedRetryMs - (uptime() - attemptBegan));
    this.#attempt += 1;
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#wake = resolve;
    const timer = setTimeout(resolve, pauseMs);
    await promise;
    clearTimeout(timer);
  }
}

/** Aborts once nothing has moved it on for long enough. */
class Deadline {
  readonly #abort: AbortController;
  #timer: NodeJS.Timeout | undefined;

  constructor(abort: AbortController) {
    this.#abort = abort;
  }

  set(ms: number, reason: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#abort.abort(new StreamRefused(reason)), ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}

function reasonOf(error: unknown): string {
  if (error instanceof StreamRefused) return error.message;
  const cause = error instanceof Error ? error.cause : undefined;
  if (cause instanceof Error) return (cause as NodeJS.ErrnoException).code ?? cause.message;
  return error instanceof Error ? error.message : "unknown";
}
