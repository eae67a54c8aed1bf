import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import type { Cluster, Redis } from "ioredis";
import {
  type AnswerOutcome,
  type AnswerRequest,
  asLevel,
  type ChallengeRef,
  type ChallengeStore,
  ChallengesAway,
  type IssueOutcome,
  type IssueRequest,
  type OpenTask,
  type RedeemOutcome,
  type RedeemRequest,
} from "./challenge-store.ts";
import type { CaptchaPolicy } from "./policy.ts";
import { HASH_LENGTH } from "./seal.ts";

type Reply = readonly (string | number)[];
type Argument = string | number;

interface Script {
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

const ISSUE = script("issue.lua");
const ANSWER = script("answer.lua");
const REDEEM = script("redeem.lua");

/** Challenges in Redis: one script for each operation, one hash for each challenge, gone by itself. */
export class RedisChallenges implements ChallengeStore {
  readonly #redis: Redis | Cluster;
  readonly #policyJson: string;
  readonly #deadlineMs: number;

  constructor({
    redis,
    policy,
    deadlineMs,
  }: { readonly redis: Redis | Cluster; readonly policy: CaptchaPolicy; readonly deadlineMs: number }) {
    this.#redis = redis;
    this.#policyJson = JSON.stringify(policy);
    this.#deadlineMs = deadlineMs;
  }

  async issue({ draft, network, knownDevice, now }: IssueRequest): Promise<IssueOutcome> {
    const { stem, nonce, binding, language, answers } = draft("r");
    const [kind, ...rest] = await this.#run(ISSUE, keysOf({ stem, network }), [
      now.getTime(),
      this.#policyJson,
      nonce,
      binding,
      language,
      answers,
      knownDevice ? 1 : 0,
    ]);
    if (kind === "issued") return { kind, home: "r", task: openTask(rest) };
    if (kind === "paused" || kind === "refused") return { kind, retryAfterMs: Number(rest[0]) };
    return { kind: "over" };
  }

  async answer({ challenge, binding, answer, retryKey, now }: AnswerRequest): Promise<AnswerOutcome> {
    const reply = await this.#run(ANSWER, keysOf(challenge), [
      now.getTime(),
      this.#policyJson,
      binding,
      answer,
      retryKey,
      HASH_LENGTH,
    ]);
    const [kind, ...rest] = reply;
    if (kind === "solved") return { kind, passExpiresAt: new Date(Number(rest[0])) };
    if (kind === "wrong") return { kind, task: openTask(rest) };
    return { kind: kind === "spent" || kind === "expired" ? kind : "unknown" };
  }

  async redeem({ challenge, binding, now }: RedeemRequest): Promise<RedeemOutcome> {
    const redeemed = await this.#run(REDEEM, keysOf(challenge).slice(0, 1), [now.getTime(), binding]);
    return { kind: Number(redeemed) === 1 ? "redeemed" : "refused" };
  }

  async #run(script: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    if (NOT_CONNECTED.has(this.#redis.status))
      throw new ChallengesAway(new Error(`Redis is ${this.#redis.status}`));
    const { promise: late, reject } = Promise.withResolvers<never>();
    const timer = setTimeout(
      () => reject(new Error(`No answer within ${this.#deadlineMs} ms`)),
      this.#deadlineMs,
    );
    try {
      return await Promise.race([this.#evaluate(script, keys, args), late]);
    } catch (error) {
      throw isDefect(error) ? error : new ChallengesAway(error);
    } finally {
      clearTimeout(timer);
    }
  }

  /** By its hash, so that the text travels once for each start of Redis. */
  async #evaluate({ sha, text }: Script, keys: readonly string[], args: readonly Argument[]): Promise<Reply> {
    try {
      return (await this.#redis.evalsha(sha, keys.length, ...keys, ...args)) as Reply;
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return (await this.#redis.eval(text, keys.length, ...keys, ...args)) as Reply;
    }
  }
}

/** "ERR" is a mistake in our script; LOADING, READONLY, OOM, CLUSTERDOWN and their like are Redis's state. */
function isDefect(error: unknown): boolean {
  return error instanceof Error && error.name === "ReplyError" && error.message.startsWith("ERR ");
}

/** The network stands in braces: Redis Cluster puts both keys into its slot. */
function keysOf({ stem, network }: Pick<ChallengeRef, "stem" | "network">): string[] {
  return [`captcha:{${network}}:challenge:${stem}`, `captcha:{${network}}:network`];
}

function openTask([nonce, language, round, level, triesLeft, expiresMs]: Reply): OpenTask {
  return {
    nonce: String(nonce),
    language: language === "en" ? "en" : "ru",
    round: Number(round),
    level: asLevel(Number(level)),
    triesLeft: Number(triesLeft),
    expiresAt: new Date(Number(expiresMs)),
  };
}

function script(name: string): Script {
  const text = readFileSync(new URL(name, import.meta.url), "utf8");
  return { text, sha: createHash("sha1").update(text).digest("hex") };
}
