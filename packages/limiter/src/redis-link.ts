import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Cluster, Redis } from "ioredis";

export type RedisClient = Redis | Cluster;

/** A Lua script and its name in Redis's script cache. */
export interface Script {
  readonly source: string;
  readonly sha: string;
}

/** Reads a script that lies beside the compiled code. */
export function loadScript(file: string): Script {
  const source = readFileSync(new URL(file, import.meta.url), "utf8");
  return { source, sha: createHash("sha1").update(source).digest("hex") };
}

/** Redis did not answer usefully. Never reaches a request: whoever asks decides without Redis instead. */
export class RedisAway extends Error {
  override readonly name = "RedisAway";
  readonly code = "redis_away";
}

export interface LinkOptions {
  readonly client: RedisClient;
  /** Milliseconds within which an answer is worth having. */
  readonly deadlineMs: number;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** 0 ≤ x < 1, for the jitter of probes. */
  readonly random: () => number;
  /** One write that a healthy Redis must be able to do; what it resolves to does not matter. */
  readonly probe: { readonly script: Script; readonly key: string; readonly args: readonly string[] };
  /** Told of every change between reachable and away. Must not throw. */
  readonly onChange: (away: boolean, because: string) => void;
}

/** A failure this long after the last good answer opens the breaker; a shorter stall is sat out. */
const SILENCE_MS = 250;
const PROBE_EVERY_MS = 500;
/** Calls on the wire at once. With more than this unanswered Redis is away in all but name. */
const MAX_IN_FLIGHT = 512;

/**
 * Scripts run against Redis under a deadline, behind a breaker.
 *
 * Whatever goes wrong (a refused connection, a frozen process, OOM, READONLY, LOADING, CLUSTERDOWN) is one thing
 * to the callers: RedisAway, at once while the breaker is open. It opens when the connection drops or a failure
 * finds no good answer in the last quarter of a second, which also frees everybody still waiting. From then on only
 * a probe in the background, twice a second, tries Redis: a real write of a real script, because a replica and a
 * full Redis both answer PING.
 */
export class RedisLink {
  readonly #options: LinkOptions;
  readonly #waiting = new Set<(reason: RedisAway) => void>();
  #goodAtMs = Number.NEGATIVE_INFINITY;
  #away = false;
  #probing: NodeJS.Timeout | undefined;
  #closed = false;
  readonly #onReady = () => this.#probeNow();
  readonly #onClose = () => this.#open("the connection is lost");

  constructor(options: LinkOptions) {
    this.#options = options;
    options.client.on("ready", this.#onReady);
    options.client.on("close", this.#onClose);
    if (options.client.status !== "ready") this.#open("not connected yet");
  }

  /** Whether a call now would be answered without trying Redis. */
  get away(): boolean {
    return this.#away;
  }

  /** Runs a script all of whose keys share a slot. @throws RedisAway */
  async run(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    if (this.#away || this.#closed) throw new RedisAway("the breaker is open");
    if (this.#waiting.size >= MAX_IN_FLIGHT) throw new RedisAway("too many calls unanswered");
    if (this.#options.client.status !== "ready") {
      this.#open("the connection is lost");
      throw new RedisAway("not connected");
    }
    try {
      const reply = await this.#call(script, keys, args);
      this.#goodAtMs = this.#options.clock();
      return reply;
    } catch (error) {
      if (this.#options.clock() - this.#goodAtMs > SILENCE_MS) this.#open(messageOf(error));
      throw error instanceof RedisAway ? error : new RedisAway(messageOf(error), { cause: error });
    }
  }

  close(): void {
    this.#closed = true;
    clearTimeout(this.#probing);
    this.#options.client.off("ready", this.#onReady);
    this.#options.client.off("close", this.#onClose);
    this.#freeWaiting(new RedisAway("closed"));
  }

  #call(script: Script, keys: readonly string[], args: readonly (string | number)[]): Promise<unknown> {
    return new Promise((resolve, reject) => {
      const settle = (finish: () => void) => {
        clearTimeout(timer);
        this.#waiting.delete(reject);
        finish();
      };
      // After a stall of this process the timer runs before the sockets are read, though the answer may have
      // come long ago: look at the sockets once more before giving up.
      const timer = setTimeout(
        () => setImmediate(() => settle(() => reject(new RedisAway("no answer in time")))),
        this.#options.deadlineMs,
      );
      this.#waiting.add(reject);
      this.#evaluate(script, keys, args).then(
        (reply) => settle(() => resolve(reply)),
        (error: unknown) => settle(() => reject(error)),
      );
    });
  }

  /** NOSCRIPT (restart, failover, SCRIPT FLUSH) means nothing ran: sending the source runs and reloads it. */
  async #evaluate(
    script: Script,
    keys: readonly string[],
    args: readonly (string | number)[],
  ): Promise<unknown> {
    const { client } = this.#options;
    try {
      return await client.evalsha(script.sha, keys.length, ...keys, ...args);
    } catch (error) {
      if (!messageOf(error).startsWith("NOSCRIPT")) throw error;
      // It was forgotten (SCRIPT FLUSH, a restart) and is known again after this.
      return client.eval(script.source, keys.length, ...keys, ...args); // Redis's EVAL, of a script of ours
    }
  }

  #open(because: string): void {
    if (this.#away || this.#closed) return;
    this.#away = true;
    this.#freeWaiting(new RedisAway(because));
    this.#options.onChange(true, because);
    this.#scheduleProbe();
  }

  #freeWaiting(reason: RedisAway): void {
    for (const reject of this.#waiting) reject(reason);
    this.#waiting.clear();
  }

  #scheduleProbe(): void {
    const delayMs = PROBE_EVERY_MS * (0.75 + this.#options.random() / 2);
    this.#probing = setTimeout(() => void this.#probe(), delayMs);
    this.#probing.unref();
  }

  /** A fresh connection is tried at once rather than at the next turn. */
  #probeNow(): void {
    if (!this.#away || this.#closed) return;
    clearTimeout(this.#probing);
    void this.#probe();
  }

  async #probe(): Promise<void> {
    const { client, probe } = this.#options;
    try {
      if (client.status !== "ready") throw new RedisAway("not connected");
      await this.#call(probe.script, [probe.key], probe.args);
    } catch {
      // Still away: that is what the probe is for, and onChange has said so.
      clearTimeout(this.#probing);
      if (!this.#closed && this.#away) this.#scheduleProbe();
      return;
    }
    if (this.#closed || !this.#away) return;
    this.#away = false;
    this.#goodAtMs = this.#options.clock();
    this.#options.onChange(false, "answering again");
  }
}

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
