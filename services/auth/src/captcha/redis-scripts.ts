import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { basename } from "node:path";
import { redisSpan } from "@kinopass/tracing";
import type { Cluster, Redis } from "ioredis";
import { ChallengesAway } from "./challenge-store.ts";

export type RedisReply = readonly (string | number)[];
type Argument = string | number;

export interface Script {
  /** What traces call it. */
  readonly name: string;
  readonly text: string;
  readonly sha: string;
}

/** States in which a command would wait in a queue for a server that may never come. */
const NOT_CONNECTED: ReadonlySet<string> = new Set([
  "connecting",
  "connect",
  "reconnecting",
  "disconnecting",
  "close",
  "end",
]);

/** Runs scripts with a deadline, and never in a queue. */
export class RedisScripts {
  readonly #redis: Redis | Cluster;
  readonly #deadlineMs: number;

  constructor(redis: Redis | Cluster, deadlineMs: number) {
    this.#redis = redis;
    this.#deadlineMs = deadlineMs;
  }

  /** Throws ChallengesAway. */
  async run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<RedisReply> {
    if (NOT_CONNECTED.has(this.#redis.status))
      throw new ChallengesAway(new Error(`Redis is ${this.#redis.status}`));
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`No answer within ${this.#deadlineMs} ms`)),
      this.#deadlineMs,
    );
    try {
      const run = () => this.#evaluate(script, keys, args);
      return await Promise.race([redisSpan("EVALSHA", run, { script: script.name }), late]);
    } catch (error) {
      throw isDefect(error) ? error : new ChallengesAway(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** By its hash, so that the text travels once for each start of Redis. */
  async #evaluate(
    { sha, text }: Script,
    keys: readonly string[],
    args: readonly Argument[],
  ): Promise<RedisReply> {
    try {
      return (await this.#redis.evalsha(sha, keys.length, ...keys, ...args)) as RedisReply;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return (await this.#redis.eval(text, keys.length, ...keys, ...args)) as RedisReply;
    }
  }
}

export function script(file: string): Script {
  const text = readFileSync(new URL(file, import.meta.url), "utf8");
  return {
    name: `captcha-${basename(file, ".lua")}`,
    text,
    sha: createHash("sha1").update(text).digest("hex"),
  };
}

/** "ERR" is a mistake in our script; LOADING, READONLY, OOM, CLUSTERDOWN and their like are Redis's state. */
function isDefect(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && error.message.startsWith("ERR ");
}
